"""Seeded values that the rest is built from: draws, amounts, moments, texts, check digits."""
