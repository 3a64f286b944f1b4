"""What each step of a scenario does: the events that it raises, and what it breaks."""
