"""Measurements that anybody can repeat: every table has a floor measured in the same rounds, and ratios to it."""
