"""Stories told to the ledger and to a reference that was written from the specification alone."""
