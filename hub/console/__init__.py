"""The dispatcher's console: TypeScript sources, and `dist`, the built files that the API serves."""
