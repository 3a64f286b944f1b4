"""Verdicts: pure functions of a recorded history."""
