"""The ledger itself: how it was opened, is governed, and sealed."""
