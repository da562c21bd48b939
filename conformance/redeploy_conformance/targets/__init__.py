"""Implementations under test: how the suite reaches them, and what they declare."""
