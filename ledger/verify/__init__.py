"""The offline verifier: standard library and `cryptography` only, no network, no database.

`python -m ledger.verify PATH --trust trust.json` checks an exported log, or one receipt, against
a trust root that was obtained elsewhere. `verifier.py` has the steps, in order; docs/verify.md
says what each of them stops. Whether the rules were kept is the work of `techledger audit verify`.
"""
