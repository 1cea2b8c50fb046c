"""What one client may take of a server: connections, turns, bytes, time."""
