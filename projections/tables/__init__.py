"""The read models: a file a table."""
