"""Claims before a forum, and what its orders and rulings do."""
