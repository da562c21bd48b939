"""Conformance suite for RedeployInstance; this package stays empty, its plugin is loaded by every pytest."""
