"""Sources: one file a source, the file name is its `kind`."""
