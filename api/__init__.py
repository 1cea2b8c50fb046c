"""The HTTP surface, the explorer and the command line: everything is wired here."""
