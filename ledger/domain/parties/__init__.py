"""Who takes part: parties, their names, keys, powers and relations."""
