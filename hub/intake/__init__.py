"""ROLE: when to read, keeping payloads, source health."""
