"""Fake data: one seeded shop, and a builder for every event type."""
