"""Fake data: one seeded shop, and a builder for every event type.

What is made anew for each payload (a sale, its lines, its payments) is a plain dataclass with slots, or a
NamedTuple, and is given its fields by position: by name it takes twice as long, frozen three times. What many
payloads have in common (a size, a deal, a store, a customer) keeps its own JSON beside it, in fields called
`..._json`, so that it is serialised once.
"""
