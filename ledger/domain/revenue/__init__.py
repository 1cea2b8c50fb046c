"""What a contract earns: reported, shared out, paid, and late."""
