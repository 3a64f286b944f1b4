"""Effects: how they are read, when they have settled, and which effect is whose."""
