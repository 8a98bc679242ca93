"""ROLE: lanes, claims, attempts, retries: the ledger of what we owe people."""
