"""What the ledger knows, asked from a terminal: it needs the ledger's address and no checkout."""
