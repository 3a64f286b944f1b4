"""Reads a receiver's effects, and decides when they have settled."""
