"""Reads what a user writes, or refuses it and says what was expected, what came, and where."""
