"""What happened, as recorded facts, and pure functions that relate them."""
