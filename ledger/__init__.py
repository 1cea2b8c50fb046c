"""The ledger: bytes, log, rules, store, and the workers above them."""
