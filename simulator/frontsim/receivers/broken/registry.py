"""The receivers that are broken on purpose, by name: what each does wrong, and what verify must find."""

from collections.abc import Mapping

from frontsim.receivers.broken.answer import (
    AckBeforeStore,
    DoneBeforeWork,
    DropsWhenFull,
    OkOnException,
    RefusesDuplicates,
    SkipsMessages,
)
from frontsim.receivers.broken.content import DropsNonAscii, RoundsDecimals, TruncatesLargeBodies
from frontsim.receivers.broken.key import (
    CleansUpWeekly,
    DedupeByEntity,
    DedupeByTimestamp,
    DedupeByWebhookId,
    ForgetsAtMidnight,
    ForgetsInTime,
    KeyCutShort,
    MemoryDedupe,
    NoDedupe,
    ShortMemory,
)
from frontsim.receivers.broken.levels import LastLevelWins, LevelCountsRepeats, LevelLosesUpdates
from frontsim.receivers.broken.race import CheckThenAct, DoubleEffectUnderConcurrency
from frontsim.receivers.broken.reading import (
    AcceptsGarbage,
    CrashOnGarbage,
    CrashOnNull,
    DiesOnGarbage,
    RejectsLarge,
    RejectsUnknownFields,
    RejectsUnknownTypes,
    SwallowsNulls,
)
from frontsim.receivers.broken.state import LastWriterWins
from frontsim.receivers.broken.transaction import (
    BatchLosesGoodOnes,
    DedupeInAnotherTransaction,
    EffectThen500,
    IdBeforeWork,
)
from frontsim.receivers.variant import Variant, by_name

_BURNED = frozenset({"burned"})
_CORRUPT = frozenset({"corrupt"})
_CRASHED = frozenset({"crashed"})
_DUPLICATED = frozenset({"duplicated"})
_LOST = frozenset({"lost-after-ack"})
_REJECTED = frozenset({"rejected"})
_STALE = frozenset({"stale"})
_WRONG_STATE = frozenset({"wrong-state"})
_UNEXPECTED = frozenset({"unexpected"})

BROKEN: Mapping[str, Variant] = by_name(
    Variant(
        "no-dedupe",
        NoDedupe,
        "It books every request, so every copy counts.",
        _DUPLICATED,
        ("resend-delivered", "duplicate-race", "lost-response", "false-failure", "api-trouble", "late-resend"),
    ),
    Variant(
        "memory-dedupe",
        MemoryDedupe,
        "It knows the ids that it has seen until the next restart.",
        _DUPLICATED,
        ("restart-then-resend",),
        needs_process_control=True,
    ),
    Variant(
        "short-memory",
        ShortMemory,
        "It knows only the last hundred ids that it has seen.",
        _DUPLICATED,
        ("late-resend",),
    ),
    Variant(
        "forgets-at-midnight",
        ForgetsAtMidnight,
        "It begins a new list of ids every day (its days last a tenth of a second).",
        _DUPLICATED,
        ("late-resend",),
    ),
    Variant(
        "forgets-in-time",
        ForgetsInTime,
        "Its ids live in a cache for a while (0.8 s, where real ones take 5 or 30).",
        _DUPLICATED,
        ("long-memory",),
    ),
    Variant(
        "cleans-up-weekly",
        CleansUpWeekly,
        "It throws away ids that are older than seven days.",
        _DUPLICATED,
        ("long-memory",),
        needs_process_control=True,
        days=8,
    ),
    Variant(
        "dedupe-by-timestamp",
        DedupeByTimestamp,
        "It treats two events of one type and one moment as the same.",
        _LOST,
        ("same-second",),
    ),
    Variant(
        "dedupe-by-webhook-id",
        DedupeByWebhookId,
        "It uses the webhook's id as the event's, so it drops a webhook's second event.",
        _LOST,
        ("same-second", "short-outage", "entity-updated-twice"),
    ),
    Variant(
        "dedupe-by-entity",
        DedupeByEntity,
        "It treats the second update of a customer or an order as a copy of the first.",
        _LOST,
        ("entity-updated-twice",),
    ),
    Variant(
        "key-cut-short",
        KeyCutShort,
        "It keeps ids in a column of 32 characters, which cuts the end off a UUID with dashes.",
        _LOST,
        ("same-second",),
    ),
    Variant(
        "check-then-act",
        CheckThenAct,
        "It looks whether the id is new, works, and notes the id at the end; two copies at once both look new.",
        _DUPLICATED,
        ("duplicate-race",),
    ),
    Variant(
        "double-effect-under-concurrency",
        DoubleEffectUnderConcurrency,
        "When many events wait, a second worker helps, and both take the same job.",
        _DUPLICATED,
        ("storm",),
    ),
    Variant(
        "id-before-work",
        IdBeforeWork,
        "It stores the id, then works; if the work fails, it treats the resend as a copy.",
        _BURNED,
        ("storm",),
    ),
    Variant(
        "dedupe-in-another-transaction",
        DedupeInAnotherTransaction,
        "It commits the effect and stores the id afterwards, which may fail or never happen.",
        _DUPLICATED,
        ("duplicate-race", "storm"),
    ),
    Variant(
        "effect-then-500",
        EffectThen500,
        "It books, then fails at something less important, answers 500 and lets the resend book again.",
        _DUPLICATED,
        ("storm",),
    ),
    Variant(
        "batch-loses-good-ones",
        BatchLosesGoodOnes,
        "It books a batch in one transaction; one duplicate rolls it back, and it answers 200 to all.",
        _LOST,
        ("duplicate-race",),
    ),
    Variant(
        "ack-before-store",
        AckBeforeStore,
        "It answers 200 and stores the event a moment later.",
        _LOST,
        ("crash-after-ack",),
        needs_process_control=True,
    ),
    Variant(
        "done-before-work",
        DoneBeforeWork,
        "Its worker marks a job as done before it does it.",
        _LOST,
        ("crash-after-ack",),
        needs_process_control=True,
    ),
    Variant(
        "drops-when-full",
        DropsWhenFull,
        "It answers 202 and drops the event when its queue in memory is full.",
        _LOST,
        ("storm",),
    ),
    Variant(
        "skips-messages",
        SkipsMessages,
        "Its worker skips every fifth message of its queue.",
        _LOST,
        ("same-second", "storm"),
    ),
    Variant("ok-on-exception", OkOnException, "It answers 200 when its work has failed.", _LOST, ("storm",)),
    Variant(
        "refuses-duplicates",
        RefusesDuplicates,
        "It answers a copy with 409, so an event whose answer was lost fails for ever.",
        _REJECTED,
        ("lost-response", "resend-delivered"),
    ),
    Variant(
        "last-writer-wins",
        LastWriterWins,
        "It lets an older state overwrite a newer one.",
        _STALE,
        ("out-of-order",),
    ),
    Variant(
        "level-counts-repeats",
        LevelCountsRepeats,
        "It books a repeat once, and changes the stock level again.",
        _WRONG_STATE,
        ("stock-levels", "lost-response"),
        keeps_levels=True,
    ),
    Variant(
        "level-loses-updates",
        LevelLosesUpdates,
        "It reads the stock level, adds to it and writes it, while another worker does the same.",
        _WRONG_STATE,
        ("stock-levels",),
        keeps_levels=True,
    ),
    Variant(
        "last-level-wins",
        LastLevelWins,
        "It takes over the stock level of the last movement to arrive.",
        _STALE,
        ("stock-levels",),
        keeps_levels=True,
    ),
    Variant(
        "rejects-unknown-fields",
        RejectsUnknownFields,
        "It refuses fields that it does not know.",
        _REJECTED,
        ("evolution",),
    ),
    Variant(
        "rejects-unknown-types",
        RejectsUnknownTypes,
        "It answers 500 to an event type that it does not know.",
        _REJECTED,
        ("evolution",),
    ),
    Variant(
        "crash-on-null", CrashOnNull, "It answers 500 to a null where it expects a text.", _REJECTED, ("evolution",)
    ),
    Variant(
        "swallows-nulls",
        SwallowsNulls,
        "It answers 200 and books nothing when a text is null.",
        _LOST,
        ("evolution",),
    ),
    Variant(
        "crash-on-garbage",
        CrashOnGarbage,
        "A body that is not JSON kills its parser; from then on it answers 500 to everything.",
        _CRASHED | _REJECTED,
        ("malformed",),
    ),
    Variant(
        "dies-on-garbage",
        DiesOnGarbage,
        "A body that is not JSON ends its process.",
        _CRASHED,
        ("malformed",),
        needs_process_control=True,
    ),
    Variant("accepts-garbage", AcceptsGarbage, "It books bodies that are not JSON.", _UNEXPECTED, ("malformed",)),
    Variant(
        "drops-non-ascii", DropsNonAscii, "It drops every letter outside ASCII.", _CORRUPT, ("unicode-and-decimals",)
    ),
    Variant(
        "rounds-decimals",
        RoundsDecimals,
        "It keeps amounts as whole numbers.",
        _CORRUPT,
        ("unicode-and-decimals",),
    ),
    Variant(
        "truncates-large-bodies",
        TruncatesLargeBodies,
        "It keeps the first 65,535 bytes of a payload.",
        _CORRUPT,
        ("big-payload",),
    ),
    Variant("rejects-large", RejectsLarge, "It refuses bodies over 100 kB with 413.", _REJECTED, ("big-payload",)),
)
