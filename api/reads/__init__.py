"""What is asked over HTTP, by noun."""
