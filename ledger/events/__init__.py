"""From bytes to verified events, and back."""
