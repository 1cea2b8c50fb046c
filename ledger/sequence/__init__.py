"""The order of the log: what is judged, appended and kept."""
