"""What a user writes, read: or refused, with what was expected, what came, and where."""
