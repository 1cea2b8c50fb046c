"""What parties agreed, how it changes, and how it ends."""
