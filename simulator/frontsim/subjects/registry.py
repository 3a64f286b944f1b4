"""Every receiver by name, right or broken, and what `verify` must find."""

from collections.abc import Mapping

from frontsim.errors import BadInput
from frontsim.subjects import broken_answers, broken_keys, broken_state
from frontsim.subjects.broken_state import DERIVED
from frontsim.subjects.combinations import COMBINED
from frontsim.subjects.correct import (
    Answers202,
    Answers204,
    BalancesSales,
    BusinessKey,
    CustomerTable,
    DropsNulls,
    Enriches,
    Flaky,
    KeepsCreations,
    KeepsLedger,
    LimitsRate,
    NewestLevel,
    NewestState,
    ParksUpdates,
    SharesItsTable,
    Slow,
    StockBySum,
    WritesBack,
)
from frontsim.subjects.reference import Inbox, Receiver, Variant, by_name
from frontsim.wording import not_among

_BURNED = frozenset({"burned"})
_CORRUPT = frozenset({"corrupt"})
_CRASHED = frozenset({"crashed"})
_DUPLICATED = frozenset({"duplicated"})
_LOST = frozenset({"lost-after-ack"})
_REJECTED = frozenset({"rejected"})
_STALE = frozenset({"stale"})
_UNEXPECTED = frozenset({"unexpected"})

BROKEN: Mapping[str, Variant] = by_name(
    Variant(
        "no-dedupe",
        broken_keys.NoDedupe,
        _DUPLICATED,
        ("resend-delivered", "duplicate-race", "lost-response", "false-failure", "api-trouble", "late-resend"),
    ),
    Variant(
        "repeats-without-id",
        broken_keys.RepeatsWithoutId,
        _DUPLICATED,
        ("resend-delivered", "lost-response", "false-failure", "late-resend"),
    ),
    Variant(
        "repeats-under-new-ids",
        broken_keys.RepeatsUnderNewIds,
        _DUPLICATED,
        ("resend-delivered", "lost-response", "false-failure", "late-resend"),
    ),
    Variant(
        "numbers-repeats",
        broken_keys.NumbersRepeats,
        _DUPLICATED,
        ("resend-delivered", "lost-response", "false-failure", "late-resend"),
    ),
    Variant(
        "memory-dedupe", broken_keys.MemoryDedupe, _DUPLICATED, ("restart-then-resend",), needs_process_control=True
    ),
    Variant("short-memory", broken_keys.ShortMemory, _DUPLICATED, ("late-resend",)),
    Variant("forgets-at-midnight", broken_keys.ForgetsAtMidnight, _DUPLICATED, ("late-resend",)),
    Variant("forgets-in-time", broken_keys.ForgetsInTime, _DUPLICATED, ("long-memory",)),
    Variant(
        "cleans-up-weekly",
        broken_keys.CleansUpWeekly,
        _DUPLICATED,
        ("long-memory",),
        needs_process_control=True,
        days=8,
    ),
    Variant("dedupe-by-timestamp", broken_keys.DedupeByTimestamp, _LOST, ("same-second",)),
    Variant(
        "dedupe-by-webhook-id",
        broken_keys.DedupeByWebhookId,
        _LOST,
        ("same-second", "short-outage", "entity-updated-twice"),
    ),
    Variant("dedupe-by-entity", broken_keys.DedupeByEntity, _LOST, ("entity-updated-twice",)),
    Variant("drops-early-updates", broken_state.DropsEarlyUpdates, _LOST, ("entity-updated-twice",)),
    Variant("key-cut-short", broken_keys.KeyCutShort, _LOST, ("same-second",)),
    Variant("check-then-act", broken_keys.CheckThenAct, _DUPLICATED, ("duplicate-race",)),
    Variant("double-effect-under-concurrency", broken_keys.DoubleEffectUnderConcurrency, _DUPLICATED, ("storm",)),
    Variant("id-before-work", broken_keys.IdBeforeWork, _BURNED, ("storm",)),
    Variant(
        "dedupe-in-another-transaction",
        broken_keys.DedupeInAnotherTransaction,
        _DUPLICATED,
        ("duplicate-race", "storm"),
    ),
    Variant("effect-then-500", broken_keys.EffectThen500, _DUPLICATED, ("storm",)),
    Variant("batch-loses-good-ones", broken_keys.BatchLosesGoodOnes, _LOST, ("duplicate-race",)),
    Variant("ack-before-store", broken_answers.AckBeforeStore, _LOST, ("crash-after-ack",), needs_process_control=True),
    Variant("done-before-work", broken_answers.DoneBeforeWork, _LOST, ("crash-after-ack",), needs_process_control=True),
    Variant("drops-when-full", broken_answers.DropsWhenFull, _LOST, ("storm",)),
    Variant("skips-messages", broken_answers.SkipsMessages, _LOST, ("same-second", "storm")),
    Variant("ok-on-exception", broken_answers.OkOnException, _LOST, ("storm",)),
    Variant("loses-a-type", broken_answers.LosesAType, _LOST, ("steady",)),
    Variant("refuses-a-type", broken_answers.RefusesAType, _REJECTED, ("steady",)),
    Variant("refuses-duplicates", broken_answers.RefusesDuplicates, _REJECTED, ("lost-response", "resend-delivered")),
    Variant("last-writer-wins", broken_state.LastWriterWins, _STALE, ("out-of-order",)),
    Variant("overwrites-rows", broken_state.OverwritesRows, _STALE, ("out-of-order",)),
    Variant("forgets-deletions", broken_state.ForgetsDeletions, _STALE, ("out-of-order",)),
    *DERIVED,
    Variant("rejects-unknown-fields", broken_answers.RejectsUnknownFields, _REJECTED, ("evolution",)),
    Variant("rejects-unknown-types", broken_answers.RejectsUnknownTypes, _REJECTED, ("evolution",)),
    Variant("crash-on-null", broken_answers.CrashOnNull, _REJECTED, ("evolution",)),
    Variant("swallows-nulls", broken_answers.SwallowsNulls, _LOST, ("evolution",)),
    Variant("crash-on-garbage", broken_answers.CrashOnGarbage, _CRASHED | _REJECTED, ("malformed",)),
    Variant("dies-on-garbage", broken_answers.DiesOnGarbage, _CRASHED, ("malformed",), needs_process_control=True),
    Variant("accepts-garbage", broken_answers.AcceptsGarbage, _UNEXPECTED, ("malformed",)),
    Variant("drops-non-ascii", broken_state.DropsNonAscii, _CORRUPT, ("unicode-and-decimals",)),
    Variant("rounds-decimals", broken_state.RoundsDecimals, _CORRUPT, ("unicode-and-decimals",)),
    Variant("cuts-cents", broken_state.CutsCents, _CORRUPT, ("unicode-and-decimals",)),
    Variant("returns-as-sales", broken_state.ReturnsAsSales, _CORRUPT, ("unicode-and-decimals",)),
    Variant("ignores-quantity", broken_state.IgnoresQuantity, _CORRUPT, ("unicode-and-decimals",)),
    Variant("cuts-texts", broken_state.CutsTexts, _CORRUPT, ("unicode-and-decimals",)),
    Variant("truncates-large-bodies", broken_state.TruncatesLargeBodies, _CORRUPT, ("big-payload",)),
    Variant("rejects-large", broken_answers.RejectsLarge, _REJECTED, ("big-payload",)),
    Variant(
        "books-before-the-read",
        broken_keys.BooksBeforeTheRead,
        _DUPLICATED,
        ("webhook-then-read",),
        needs_process_control=True,
    ),
    Variant("loops-on-echo", broken_keys.LoopsOnEcho, frozenset({"looped"}), ("echo",), needs_process_control=True),
    Variant("reads-stale", broken_keys.ReadsStale, _DUPLICATED, ("read-your-write",), needs_process_control=True),
)


CORRECT: Mapping[str, Variant] = by_name(
    Variant("reference", Receiver),
    Variant("inbox", Inbox),
    Variant("business-key", BusinessKey),
    Variant("newest-state", NewestState),
    Variant("keeps-creations", KeepsCreations),
    Variant("parks-updates", ParksUpdates),
    Variant("stock-by-sum", StockBySum, state="/levels"),
    Variant("newest-level", NewestLevel, state="/levels"),
    Variant("customer-table", CustomerTable, state="/customers"),
    Variant("balances-sales", BalancesSales),
    Variant("keeps-ledger", KeepsLedger),
    Variant("drops-nulls", DropsNulls),
    Variant("shares-its-table", SharesItsTable),
    Variant("answers-202", Answers202),
    Variant("answers-204", Answers204),
    Variant("slow", Slow),
    Variant("limits-rate", LimitsRate),
    Variant("flaky", Flaky),
    Variant("enriches", Enriches),
    Variant("writes-back", WritesBack),
)


def find(name: str) -> Variant:
    """The receiver of that name, right or wrong.

    Raises:
        BadInput: there is none; the text lists all names.
    """
    known = {**CORRECT, **BROKEN, **COMBINED}
    if (found := known.get(name)) is None:
        raise BadInput(not_among(known, name, expected="a receiver"))
    return found
