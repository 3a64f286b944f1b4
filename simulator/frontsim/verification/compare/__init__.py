"""Compares what a receiver shows with what it was sent: columns, and the state that it derives."""
