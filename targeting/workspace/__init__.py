"""A folder becomes what its owner wrote."""
