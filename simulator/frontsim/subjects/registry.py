"""Every receiver by name, right or broken, and what `verify` must find."""

from collections.abc import Mapping

from frontsim.errors import BadInput
from frontsim.subjects import broken_answers, broken_keys, broken_state
from frontsim.subjects.broken_state import DERIVED
from frontsim.subjects.calling_back import BROKEN_CALLERS, CORRECT_CALLERS
from frontsim.subjects.combinations import COMBINED
from frontsim.subjects.correct import (
    Answers202,
    Answers204,
    BalancesSales,
    BusinessKey,
    CustomerTable,
    DropsNulls,
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
        "It books every request, so every copy counts.",
        _DUPLICATED,
        ("resend-delivered", "duplicate-race", "lost-response", "false-failure", "api-trouble", "late-resend"),
    ),
    Variant(
        "repeats-without-id",
        broken_keys.RepeatsWithoutId,
        "It keeps each id once, and books a repeat again without one, as orders that are joined with a table of ids.",
        _DUPLICATED,
        ("resend-delivered", "lost-response", "false-failure", "late-resend"),
    ),
    Variant(
        "repeats-under-new-ids",
        broken_keys.RepeatsUnderNewIds,
        "It books a repeat again under an id that it makes up.",
        _DUPLICATED,
        ("resend-delivered", "lost-response", "false-failure", "late-resend"),
    ),
    Variant(
        "numbers-repeats",
        broken_keys.NumbersRepeats,
        "It books a repeat again under the event's id with a number at its end.",
        _DUPLICATED,
        ("resend-delivered", "lost-response", "false-failure", "late-resend"),
    ),
    Variant(
        "memory-dedupe",
        broken_keys.MemoryDedupe,
        "It knows the ids that it has seen until the next restart.",
        _DUPLICATED,
        ("restart-then-resend",),
        needs_process_control=True,
    ),
    Variant(
        "short-memory",
        broken_keys.ShortMemory,
        "It knows only the last hundred ids that it has seen.",
        _DUPLICATED,
        ("late-resend",),
    ),
    Variant(
        "forgets-at-midnight",
        broken_keys.ForgetsAtMidnight,
        "It begins a new list of ids every day (its days last a tenth of a second).",
        _DUPLICATED,
        ("late-resend",),
    ),
    Variant(
        "forgets-in-time",
        broken_keys.ForgetsInTime,
        "Its ids live in a cache for a while (0.8 s, where real ones take 5 or 30).",
        _DUPLICATED,
        ("long-memory",),
    ),
    Variant(
        "cleans-up-weekly",
        broken_keys.CleansUpWeekly,
        "It throws away ids that are older than seven days.",
        _DUPLICATED,
        ("long-memory",),
        needs_process_control=True,
        days=8,
    ),
    Variant(
        "dedupe-by-timestamp",
        broken_keys.DedupeByTimestamp,
        "It treats two events of one type and one moment as the same.",
        _LOST,
        ("same-second",),
    ),
    Variant(
        "dedupe-by-webhook-id",
        broken_keys.DedupeByWebhookId,
        "It uses the webhook's id as the event's, so it drops a webhook's second event.",
        _LOST,
        ("same-second", "short-outage", "entity-updated-twice"),
    ),
    Variant(
        "dedupe-by-entity",
        broken_keys.DedupeByEntity,
        "It treats the second update of a customer or an order as a copy of the first.",
        _LOST,
        ("entity-updated-twice",),
    ),
    Variant(
        "key-cut-short",
        broken_keys.KeyCutShort,
        "It keeps ids in a column of 32 characters, which cuts the end off a UUID with dashes.",
        _LOST,
        ("same-second",),
    ),
    Variant(
        "check-then-act",
        broken_keys.CheckThenAct,
        "It checks whether the id is new, works, and notes the id at the end; two copies at once both look new.",
        _DUPLICATED,
        ("duplicate-race",),
    ),
    Variant(
        "double-effect-under-concurrency",
        broken_keys.DoubleEffectUnderConcurrency,
        "When many events wait, a second worker helps, and both take the same job.",
        _DUPLICATED,
        ("storm",),
    ),
    Variant(
        "id-before-work",
        broken_keys.IdBeforeWork,
        "It stores the id, then works; if the work fails, it treats the resend as a copy.",
        _BURNED,
        ("storm",),
    ),
    Variant(
        "dedupe-in-another-transaction",
        broken_keys.DedupeInAnotherTransaction,
        "It commits the effect and stores the id afterwards, which may fail or never happen.",
        _DUPLICATED,
        ("duplicate-race", "storm"),
    ),
    Variant(
        "effect-then-500",
        broken_keys.EffectThen500,
        "It books, then fails at something less important, answers 500 and lets the resend book again.",
        _DUPLICATED,
        ("storm",),
    ),
    Variant(
        "batch-loses-good-ones",
        broken_keys.BatchLosesGoodOnes,
        "It books a batch in one transaction; one duplicate rolls it back, and it answers 200 to all.",
        _LOST,
        ("duplicate-race",),
    ),
    Variant(
        "ack-before-store",
        broken_answers.AckBeforeStore,
        "It answers 200 and stores the event a moment later.",
        _LOST,
        ("crash-after-ack",),
        needs_process_control=True,
    ),
    Variant(
        "done-before-work",
        broken_answers.DoneBeforeWork,
        "Its worker marks a job as done before it does it.",
        _LOST,
        ("crash-after-ack",),
        needs_process_control=True,
    ),
    Variant(
        "drops-when-full",
        broken_answers.DropsWhenFull,
        "It answers 202 and drops the event when its queue in memory is full.",
        _LOST,
        ("storm",),
    ),
    Variant(
        "skips-messages",
        broken_answers.SkipsMessages,
        "Its worker skips every fifth message of its queue.",
        _LOST,
        ("same-second", "storm"),
    ),
    Variant(
        "ok-on-exception", broken_answers.OkOnException, "It answers 200 when its work has failed.", _LOST, ("storm",)
    ),
    Variant(
        "loses-a-type",
        broken_answers.LosesAType,
        "It acknowledges invoices and never books one. Without --events the verdict is unknown: nothing says that they "
        "are meant to be booked.",
        _LOST,
        ("steady",),
    ),
    Variant(
        "refuses-a-type",
        broken_answers.RefusesAType,
        "It answers 422 to each invoice.",
        _REJECTED,
        ("steady",),
    ),
    Variant(
        "refuses-duplicates",
        broken_answers.RefusesDuplicates,
        "It answers a copy with 409, so an event whose answer was lost fails for ever.",
        _REJECTED,
        ("lost-response", "resend-delivered"),
    ),
    Variant(
        "last-writer-wins",
        broken_state.LastWriterWins,
        "It lets an older state overwrite a newer one.",
        _STALE,
        ("out-of-order",),
    ),
    Variant(
        "overwrites-rows",
        broken_state.OverwritesRows,
        "It keeps one row for each customer and order, and the last event to arrive overwrites it.",
        _STALE,
        ("out-of-order",),
    ),
    Variant(
        "forgets-deletions",
        broken_state.ForgetsDeletions,
        "It deletes a deleted customer's row and all memory of it, so that an older update brings the customer back.",
        _STALE,
        ("out-of-order",),
    ),
    *DERIVED,
    Variant(
        "rejects-unknown-fields",
        broken_answers.RejectsUnknownFields,
        "It refuses fields that it does not know.",
        _REJECTED,
        ("evolution",),
    ),
    Variant(
        "rejects-unknown-types",
        broken_answers.RejectsUnknownTypes,
        "It answers 500 to an event type that it does not know.",
        _REJECTED,
        ("evolution",),
    ),
    Variant(
        "crash-on-null",
        broken_answers.CrashOnNull,
        "It answers 500 to a null where it expects a text.",
        _REJECTED,
        ("evolution",),
    ),
    Variant(
        "swallows-nulls",
        broken_answers.SwallowsNulls,
        "It answers 200 and books nothing when a text is null.",
        _LOST,
        ("evolution",),
    ),
    Variant(
        "crash-on-garbage",
        broken_answers.CrashOnGarbage,
        "A body that is not JSON kills its parser; from then on it answers 500 to everything.",
        _CRASHED | _REJECTED,
        ("malformed",),
    ),
    Variant(
        "dies-on-garbage",
        broken_answers.DiesOnGarbage,
        "A body that is not JSON ends its process.",
        _CRASHED,
        ("malformed",),
        needs_process_control=True,
    ),
    Variant(
        "accepts-garbage",
        broken_answers.AcceptsGarbage,
        "It books bodies that are not JSON.",
        _UNEXPECTED,
        ("malformed",),
    ),
    Variant(
        "drops-non-ascii",
        broken_state.DropsNonAscii,
        "It drops every letter outside ASCII.",
        _CORRUPT,
        ("unicode-and-decimals",),
    ),
    Variant(
        "rounds-decimals",
        broken_state.RoundsDecimals,
        "It keeps amounts as whole numbers.",
        _CORRUPT,
        ("unicode-and-decimals",),
    ),
    Variant(
        "cuts-cents",
        broken_state.CutsCents,
        "It multiplies a binary float by 100 and cuts off the rest: 19.99 becomes 19.98.",
        _CORRUPT,
        ("unicode-and-decimals",),
    ),
    Variant(
        "returns-as-sales",
        broken_state.ReturnsAsSales,
        "It drops the sign of amounts.",
        _CORRUPT,
        ("unicode-and-decimals",),
    ),
    Variant(
        "ignores-quantity",
        broken_state.IgnoresQuantity,
        "It keeps one unit of each line of a sale, whatever its quantity.",
        _CORRUPT,
        ("unicode-and-decimals",),
    ),
    Variant(
        "cuts-texts",
        broken_state.CutsTexts,
        "It keeps texts in columns of 24 and 255 characters, which cut off longer ones silently.",
        _CORRUPT,
        ("unicode-and-decimals",),
    ),
    Variant(
        "truncates-large-bodies",
        broken_state.TruncatesLargeBodies,
        "It keeps the first 65,535 bytes of a payload.",
        _CORRUPT,
        ("big-payload",),
    ),
    Variant(
        "rejects-large",
        broken_answers.RejectsLarge,
        "It refuses bodies over 100 kB with 413.",
        _REJECTED,
        ("big-payload",),
    ),
    *BROKEN_CALLERS.values(),
)


CORRECT: Mapping[str, Variant] = by_name(
    Variant("reference", Receiver, "Takes the key and books the effect in one transaction, then answers 200."),
    Variant("inbox", Inbox, "Stores the raw event, answers 200, and a worker books it later."),
    Variant("business-key", BusinessKey, "Its key is what the event is about (saleId ...), not the event's id."),
    Variant("newest-state", NewestState, "Keeps one row for each customer, order and stock item: the newest state."),
    Variant(
        "keeps-creations",
        KeepsCreations,
        "Keeps the creation of a customer or order in one row, and the newest of its updates in another.",
    ),
    Variant("parks-updates", ParksUpdates, "Holds back an update of a customer or order that it does not know yet."),
    Variant(
        "stock-by-sum",
        StockBySum,
        "Adds each movement to a stock level, in the transaction that takes the key.",
        state="/levels",
    ),
    Variant("newest-level", NewestLevel, "Keeps the level of the newest movement of each stock item.", state="/levels"),
    Variant(
        "customer-table",
        CustomerTable,
        "Keeps a row for each customer: whole name and address, e-mail in lower case, of the newest event.",
        state="/customers",
    ),
    Variant(
        "balances-sales",
        BalancesSales,
        "Refuses a sale whose lines or payments do not add up to its total, as an accounting system does.",
    ),
    Variant(
        "keeps-ledger",
        KeepsLedger,
        "Shows a ledger row beside each event's own row, and one for each line of a sale, without the event's id.",
    ),
    Variant("drops-nulls", DropsNulls, "Keeps payloads without their nulls."),
    Variant("shares-its-table", SharesItsTable, "Books in a table into which a web shop writes, too."),
    Variant("answers-202", Answers202, "Answers 202 instead of 200."),
    Variant("answers-204", Answers204, "Answers 204, without a body."),
    Variant("slow", Slow, "Takes 0.3 s for every request."),
    Variant("limits-rate", LimitsRate, "Takes ten requests a second, and answers others with 429 and Retry-After."),
    Variant("flaky", Flaky, "Answers one good request in four with 503, before it stores anything."),
    *CORRECT_CALLERS.values(),
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
