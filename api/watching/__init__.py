"""What those who watch over a ledger are told of it."""
