"""The receivers that are broken on purpose, by name: what each does wrong, and what verify must find."""

from collections.abc import Mapping

from frontsim.receivers.broken import answer, content, key, race, reading, state, transaction
from frontsim.receivers.broken.derived import DERIVED
from frontsim.receivers.variant import Variant, by_name

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
        key.NoDedupe,
        "It books every request, so every copy counts.",
        _DUPLICATED,
        ("resend-delivered", "duplicate-race", "lost-response", "false-failure", "api-trouble", "late-resend"),
    ),
    Variant(
        "memory-dedupe",
        key.MemoryDedupe,
        "It knows the ids that it has seen until the next restart.",
        _DUPLICATED,
        ("restart-then-resend",),
        needs_process_control=True,
    ),
    Variant(
        "short-memory",
        key.ShortMemory,
        "It knows only the last hundred ids that it has seen.",
        _DUPLICATED,
        ("late-resend",),
    ),
    Variant(
        "forgets-at-midnight",
        key.ForgetsAtMidnight,
        "It begins a new list of ids every day (its days last a tenth of a second).",
        _DUPLICATED,
        ("late-resend",),
    ),
    Variant(
        "forgets-in-time",
        key.ForgetsInTime,
        "Its ids live in a cache for a while (0.8 s, where real ones take 5 or 30).",
        _DUPLICATED,
        ("long-memory",),
    ),
    Variant(
        "cleans-up-weekly",
        key.CleansUpWeekly,
        "It throws away ids that are older than seven days.",
        _DUPLICATED,
        ("long-memory",),
        needs_process_control=True,
        days=8,
    ),
    Variant(
        "dedupe-by-timestamp",
        key.DedupeByTimestamp,
        "It treats two events of one type and one moment as the same.",
        _LOST,
        ("same-second",),
    ),
    Variant(
        "dedupe-by-webhook-id",
        key.DedupeByWebhookId,
        "It uses the webhook's id as the event's, so it drops a webhook's second event.",
        _LOST,
        ("same-second", "short-outage", "entity-updated-twice"),
    ),
    Variant(
        "dedupe-by-entity",
        key.DedupeByEntity,
        "It treats the second update of a customer or an order as a copy of the first.",
        _LOST,
        ("entity-updated-twice",),
    ),
    Variant(
        "key-cut-short",
        key.KeyCutShort,
        "It keeps ids in a column of 32 characters, which cuts the end off a UUID with dashes.",
        _LOST,
        ("same-second",),
    ),
    Variant(
        "check-then-act",
        race.CheckThenAct,
        "It checks whether the id is new, works, and notes the id at the end; two copies at once both look new.",
        _DUPLICATED,
        ("duplicate-race",),
    ),
    Variant(
        "double-effect-under-concurrency",
        race.DoubleEffectUnderConcurrency,
        "When many events wait, a second worker helps, and both take the same job.",
        _DUPLICATED,
        ("storm",),
    ),
    Variant(
        "id-before-work",
        transaction.IdBeforeWork,
        "It stores the id, then works; if the work fails, it treats the resend as a copy.",
        _BURNED,
        ("storm",),
    ),
    Variant(
        "dedupe-in-another-transaction",
        transaction.DedupeInAnotherTransaction,
        "It commits the effect and stores the id afterwards, which may fail or never happen.",
        _DUPLICATED,
        ("duplicate-race", "storm"),
    ),
    Variant(
        "effect-then-500",
        transaction.EffectThen500,
        "It books, then fails at something less important, answers 500 and lets the resend book again.",
        _DUPLICATED,
        ("storm",),
    ),
    Variant(
        "batch-loses-good-ones",
        transaction.BatchLosesGoodOnes,
        "It books a batch in one transaction; one duplicate rolls it back, and it answers 200 to all.",
        _LOST,
        ("duplicate-race",),
    ),
    Variant(
        "ack-before-store",
        answer.AckBeforeStore,
        "It answers 200 and stores the event a moment later.",
        _LOST,
        ("crash-after-ack",),
        needs_process_control=True,
    ),
    Variant(
        "done-before-work",
        answer.DoneBeforeWork,
        "Its worker marks a job as done before it does it.",
        _LOST,
        ("crash-after-ack",),
        needs_process_control=True,
    ),
    Variant(
        "drops-when-full",
        answer.DropsWhenFull,
        "It answers 202 and drops the event when its queue in memory is full.",
        _LOST,
        ("storm",),
    ),
    Variant(
        "skips-messages",
        answer.SkipsMessages,
        "Its worker skips every fifth message of its queue.",
        _LOST,
        ("same-second", "storm"),
    ),
    Variant("ok-on-exception", answer.OkOnException, "It answers 200 when its work has failed.", _LOST, ("storm",)),
    Variant(
        "refuses-duplicates",
        answer.RefusesDuplicates,
        "It answers a copy with 409, so an event whose answer was lost fails for ever.",
        _REJECTED,
        ("lost-response", "resend-delivered"),
    ),
    Variant(
        "last-writer-wins",
        state.LastWriterWins,
        "It lets an older state overwrite a newer one.",
        _STALE,
        ("out-of-order",),
    ),
    Variant(
        "overwrites-rows",
        state.OverwritesRows,
        "It keeps one row for each customer and order, and the last event to arrive overwrites it.",
        _STALE,
        ("out-of-order",),
    ),
    Variant(
        "forgets-deletions",
        state.ForgetsDeletions,
        "It deletes a deleted customer's row and all memory of it, so that an older update brings the customer back.",
        _STALE,
        ("out-of-order",),
    ),
    *DERIVED,
    Variant(
        "rejects-unknown-fields",
        reading.RejectsUnknownFields,
        "It refuses fields that it does not know.",
        _REJECTED,
        ("evolution",),
    ),
    Variant(
        "rejects-unknown-types",
        reading.RejectsUnknownTypes,
        "It answers 500 to an event type that it does not know.",
        _REJECTED,
        ("evolution",),
    ),
    Variant(
        "crash-on-null",
        reading.CrashOnNull,
        "It answers 500 to a null where it expects a text.",
        _REJECTED,
        ("evolution",),
    ),
    Variant(
        "swallows-nulls",
        reading.SwallowsNulls,
        "It answers 200 and books nothing when a text is null.",
        _LOST,
        ("evolution",),
    ),
    Variant(
        "crash-on-garbage",
        reading.CrashOnGarbage,
        "A body that is not JSON kills its parser; from then on it answers 500 to everything.",
        _CRASHED | _REJECTED,
        ("malformed",),
    ),
    Variant(
        "dies-on-garbage",
        reading.DiesOnGarbage,
        "A body that is not JSON ends its process.",
        _CRASHED,
        ("malformed",),
        needs_process_control=True,
    ),
    Variant(
        "accepts-garbage", reading.AcceptsGarbage, "It books bodies that are not JSON.", _UNEXPECTED, ("malformed",)
    ),
    Variant(
        "drops-non-ascii",
        content.DropsNonAscii,
        "It drops every letter outside ASCII.",
        _CORRUPT,
        ("unicode-and-decimals",),
    ),
    Variant(
        "rounds-decimals",
        content.RoundsDecimals,
        "It keeps amounts as whole numbers.",
        _CORRUPT,
        ("unicode-and-decimals",),
    ),
    Variant(
        "cuts-cents",
        content.CutsCents,
        "It multiplies a binary float by 100 and cuts off the rest: 19.99 becomes 19.98.",
        _CORRUPT,
        ("unicode-and-decimals",),
    ),
    Variant(
        "returns-as-sales", content.ReturnsAsSales, "It drops the sign of amounts.", _CORRUPT, ("unicode-and-decimals",)
    ),
    Variant(
        "cuts-texts",
        content.CutsTexts,
        "It keeps texts in columns of 24 and 255 characters, which cut off longer ones silently.",
        _CORRUPT,
        ("unicode-and-decimals",),
    ),
    Variant(
        "truncates-large-bodies",
        content.TruncatesLargeBodies,
        "It keeps the first 65,535 bytes of a payload.",
        _CORRUPT,
        ("big-payload",),
    ),
    Variant(
        "rejects-large", reading.RejectsLarge, "It refuses bodies over 100 kB with 413.", _REJECTED, ("big-payload",)
    ),
)
