"""Deliberately broken emulators: each breaks known clauses, and should be caught."""
