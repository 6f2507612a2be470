"""What a run left, read again: why a customer was contacted or not, and how two runs differ."""
