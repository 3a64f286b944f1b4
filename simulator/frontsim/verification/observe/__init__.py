"""How a receiver's effects are read, and when they have settled."""
