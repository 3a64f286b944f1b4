"""Receivers whose journal is right and whose levels or customers are not: what --observe-state must find."""

from frontsim.receivers.broken.customers import CustomerAfterTheAnswer, LastCustomerWins
from frontsim.receivers.broken.levels import (
    LastLevelWins,
    LevelCountsRepeats,
    LevelInAnotherTransaction,
    LevelLosesUpdates,
    SlowLevelInAnotherTransaction,
)
from frontsim.receivers.variant import Variant

_STALE = frozenset({"stale"})
_WRONG_STATE = frozenset({"wrong-state"})

DERIVED = (
    Variant(
        "level-counts-repeats",
        LevelCountsRepeats,
        "It books a repeat once, and changes the stock level again.",
        _WRONG_STATE,
        ("stock-levels", "lost-response"),
        state="/levels",
    ),
    Variant(
        "level-loses-updates",
        LevelLosesUpdates,
        "It reads the stock level, adds to it and writes it, while another worker does the same.",
        _WRONG_STATE,
        ("stock-levels",),
        state="/levels",
    ),
    Variant(
        "last-level-wins",
        LastLevelWins,
        "It takes over the stock level of the last movement to arrive.",
        _STALE,
        ("stock-levels",),
        state="/levels",
    ),
    Variant(
        "level-in-another-transaction",
        LevelInAnotherTransaction,
        "It books the event and changes the stock level in a second transaction.",
        _WRONG_STATE,
        ("crash-matrix",),
        needs_process_control=True,
        state="/levels",
    ),
    Variant(
        "slow-level-in-another-transaction",
        SlowLevelInAnotherTransaction,
        "It does the same, but its first commit comes a quarter of a second after the request.",
        _WRONG_STATE,
        ("crash-matrix",),
        needs_process_control=True,
        state="/levels",
    ),
    Variant(
        "last-customer-wins",
        LastCustomerWins,
        "It takes over what the last event to arrive says of a customer.",
        _STALE,
        ("out-of-order",),
        state="/customers",
    ),
    Variant(
        "customer-after-the-answer",
        CustomerAfterTheAnswer,
        "It answers and changes the customer a moment later.",
        _WRONG_STATE,
        ("crash-after-ack",),
        needs_process_control=True,
        state="/customers",
    ),
)
