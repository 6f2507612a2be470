"""The planner's order, back from the workbook: what was approved, changed, and who was right."""
