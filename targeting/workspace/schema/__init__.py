"""JSON Schemas of a workspace's files, for completion and errors in an editor."""
