"""What came of it: the contacted against the held out, with intervals and a verdict in words."""
