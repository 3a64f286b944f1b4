"""Serving a simulator, callers' connections, sockets, and processes."""
