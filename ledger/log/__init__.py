"""
The transparency log: pure functions over hashes, notes and proofs (docs/spec/log.md).

Standard library and `cryptography` only. Read in this order: `merkle`, `proof`, `tiles` (the tree);
`encoding`, `key`, `tree_head`, `cosignature`, `note`, `checkpoint` (what is signed);
`policy`, `receipt` (what a verifier asks for). Every error is a `merkle.LogError`.
"""
