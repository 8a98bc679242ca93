"""Channels and followers: one file each, the file name is its `kind`."""
