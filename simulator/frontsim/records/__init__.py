"""Real days: recorded, made anonymous, replayed, and compared with the schemas."""
