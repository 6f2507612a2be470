"""Everything a run leaves, file by file."""
