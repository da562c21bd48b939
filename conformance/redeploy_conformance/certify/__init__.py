"""The mirrored suite: client libraries judged by a server that plays every server."""
