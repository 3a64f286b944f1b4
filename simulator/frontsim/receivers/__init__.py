"""Receivers to test against: a reference, right variants of it, and receivers that are broken on purpose."""
