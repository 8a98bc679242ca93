"""ROLE: the HTTP door, one file a resource."""
