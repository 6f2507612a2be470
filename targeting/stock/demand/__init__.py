"""From purchase lines to the demand of each shelf: weeks, classes, forecasts, and their check."""
