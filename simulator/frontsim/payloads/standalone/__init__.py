"""Payload `n` of each type by itself: drawn from (seed, type, n) alone, with no business act behind it."""
