"""Runs against a real account: the public API only, fenced in, written down, undone at the end."""
