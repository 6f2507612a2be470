"""One page that says what was done tonight and what the shop looks like."""
