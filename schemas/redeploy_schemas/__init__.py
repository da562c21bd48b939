"""The contract of RedeployInstance as data, and the JSON Schemas of every message."""
