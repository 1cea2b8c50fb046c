"""What is submitted over HTTP."""
