"""Receivers to test against: a reference that is right."""
