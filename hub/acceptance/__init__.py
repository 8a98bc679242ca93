"""ROLE: one writer decides once, correctly: trust, repair, chain, incident, expiry."""
