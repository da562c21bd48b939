"""What a log is judged by unless the command says otherwise: small, as the command imports it at once."""

FRESH = 5.0
"""Seconds for which a look at an instance says something of a later call."""
