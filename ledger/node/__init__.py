"""One process of a ledger, its making, its care and its end."""
