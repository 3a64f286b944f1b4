"""What a run asks of the receiver besides its scenarios: clean events that must be seen, its types, its key."""
