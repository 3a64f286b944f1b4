"""Plays one scenario against a simulator and a receiver, and records what happened."""
