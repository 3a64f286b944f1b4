"""Fake data: one seeded chain of stores, and a builder for every event type.

    master_data   what never changes: stores, products, customers, people
    documents     what a sale, an order, a delivery ... is, and its JSON; `draw_...` where acts and standalone share one
    standalone    payload `n` of a type, drawn from (seed, type, n) alone: what `trigger` and `payload` send
    acts          business acts that follow from each other, over a state of the shop: what `simulate` sends
    schema        payloads for any JSON Schema: the user's own types
    values        seeded draws, amounts, moments, texts, check digits

Speed: a record that is made anew for each payload (a sale, its lines, its payments) is a plain dataclass with slots,
or a NamedTuple, and gets its fields by position, because keywords take twice as long and a frozen dataclass three
times. A record that many payloads share (a size, a price, a store, a customer) keeps its JSON in fields called
`..._json`, so it is serialised once.
"""
