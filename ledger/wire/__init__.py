"""Bytes: the signed payload, its envelope, its keys, and the entry that the log holds.

Nothing here knows what an event means (`ledger.domain`) or what a log is (`ledger.log`).
Whatever bytes come in, only subclasses of `canonical.WireError` come out as errors.
The formats are written down in docs/spec/event.md.
"""
