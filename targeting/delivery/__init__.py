"""Lists delivered to a table of a database, each exactly once for each run."""
