"""The sheets of the planner's workbook, one file a sheet."""
