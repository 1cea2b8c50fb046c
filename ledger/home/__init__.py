"""What lies in a ledger's home directory: paths, keys, settings, last sight."""
