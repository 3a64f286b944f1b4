"""Fake data: one seeded chain of stores, and a builder for every event type.

    world       what never changes (stores, products, customers, people), and seeded draws, amounts, moments, texts
    documents   what a sale, an order, a delivery ... is, and its JSON: payload `n` of a type from (seed, type, n) alone
    making      what `trigger` and `payload` send, and the acts of `simulate`; the user's own types by `schemas.draw`

Speed: a record that is made anew for each payload (a sale, its lines, its payments) is a plain dataclass with slots,
or a NamedTuple, and gets its fields by position, because keywords take twice as long and a frozen dataclass three
times. A record that many payloads share (a size, a price, a store, a customer) keeps its JSON in fields called
`..._json`, so it is serialised once.
"""
