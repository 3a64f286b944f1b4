"""Payload `n` of each type, drawn from (seed, type, n) alone: no other payload comes before it or follows from it."""
