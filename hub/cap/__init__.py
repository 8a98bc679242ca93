"""The language: CAP 1.2 (OASIS, ITU-T X.1303) as values, its XML and JSON forms, checks, geometry and chains. Pure."""
