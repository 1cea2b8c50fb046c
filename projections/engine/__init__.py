"""How any read model is folded, kept, hashed and looked at."""
