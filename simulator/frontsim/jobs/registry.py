"""Every job by name: what is wrong with it, the class of finding that it must show, and the cases that must show it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from frontsim.errors import BadInput
from frontsim.jobs import broken, right
from frontsim.jobs.job import Job
from frontsim.user_input.near import not_among


@dataclass(frozen=True, slots=True)
class JobVariant:
    """One job; a right one has no `expected` class and no `cases`."""

    name: str
    make: Callable[[Mapping[str, str]], Job]
    bug: str
    expected: str = ""
    cases: tuple[str, ...] = ()


def _by_name(*variants: JobVariant) -> Mapping[str, JobVariant]:
    found = {variant.name: variant for variant in variants}
    assert len(found) == len(variants), "two jobs of one name"
    return found


CORRECT = _by_name(
    JobVariant("simple", Job, "Stateless and serial, with a window of thirty days and a lock."),
    JobVariant("parallel", right.Parallel, "It resends eight events at the same time."),
    JobVariant("filters-itself", right.FiltersItself, "It picks what failed from an unfiltered list."),
)

BROKEN = _by_name(
    JobVariant(
        "window-gap",
        broken.WindowGap,
        "Its window begins where its last start ended: what was created during that start, or failed late, is lost.",
        "missed",
        ("between-two-starts", "late-failure"),
    ),
    JobVariant(
        "resends-all",
        broken.ResendsAll,
        "It resends whatever is listed, delivered or not.",
        "resent-delivered",
        ("delivered-between", "every-webhook", "still-pending"),
    ),
    JobVariant(
        "loops-for-ever",
        broken.LoopsForEver,
        "It resends until nothing is left, so an event that can never succeed keeps it for ever.",
        "endless",
        ("never-succeeds", "receiver-still-down"),
    ),
    JobVariant(
        "ignores-retry-after",
        broken.IgnoresRetryAfter,
        "It asks for the next event at once when the API asks it to wait.",
        "hammered",
        ("api-429",),
    ),
    JobVariant(
        "stops-at-first-error",
        broken.StopsAtFirstError,
        "The first event that cannot be resent ends it.",
        "gave-up-early",
        ("never-succeeds",),
    ),
    JobVariant(
        "only-today",
        broken.OnlyToday,
        "It lists what failed since midnight.",
        "missed",
        ("every-webhook", "window-edges"),
    ),
    JobVariant(
        "only-first-webhook",
        broken.OnlyFirstWebhook,
        "It knows one webhook; the failures of all others stay.",
        "missed",
        ("every-webhook",),
    ),
    JobVariant(
        "unknown-is-done",
        broken.UnknownIsDone,
        "It takes a resend without an answer for done.",
        "missed",
        ("resend-not-made",),
    ),
    JobVariant(
        "asks-again-blindly",
        broken.AsksAgainBlindly,
        "It repeats a resend whose answer was lost, although it was made.",
        "resent-delivered",
        ("lost-resend-answer",),
    ),
    JobVariant(
        "overlapping-runs",
        broken.OverlappingRuns,
        "It takes no lock, so two copies resend the same events.",
        "resent-delivered",
        ("two-at-once",),
    ),
    JobVariant(
        "stale-lock",
        broken.StaleLock,
        "Its lock file stays behind when it is killed, and keeps it from ever running again.",
        "missed",
        ("killed-midway",),
    ),
    JobVariant(
        "to-is-inclusive",
        broken.ToIsInclusive,
        "It takes `to` for inclusive, and begins its next window a second later.",
        "missed",
        ("between-two-starts",),
    ),
    JobVariant(
        "local-time-as-utc",
        broken.LocalTimeAsUtc,
        "It writes UTC where the vendor reads its local time, so the last hour or two are never in its window.",
        "missed",
        ("just-failed",),
    ),
    JobVariant(
        "reads-pages",
        broken.ReadsPages,
        "It resends the first hundred of a list that has no pages.",
        "missed",
        ("long-list",),
    ),
    JobVariant(
        "exits-with-zero",
        broken.ExitsWithZero,
        "Whatever is left, it ends with exit code 0.",
        "silent",
        ("never-succeeds", "receiver-still-down", "fails-again", "api-401"),
    ),
    JobVariant(
        "prints-its-key",
        broken.PrintsItsKey,
        "It prints the headers of its requests.",
        "leaked",
        ("a-plain-failure",),
    ),
    JobVariant(
        "dies-of-null-status",
        broken.DiesOfNullStatus,
        "It compares status codes, and dies of an event that was never answered.",
        "crashed",
        ("status-null",),
    ),
    JobVariant(
        "resends-pending",
        broken.ResendsPending,
        "It takes what is still on its way for failed.",
        "resent-delivered",
        ("still-pending",),
    ),
    JobVariant(
        "tries-once",
        broken.TriesOnce,
        "It never resends an event a second time.",
        "gave-up-early",
        ("fails-again", "receiver-still-down"),
    ),
    JobVariant(
        "hammers",
        broken.Hammers,
        "It resends one event twenty times in a row while the receiver is down.",
        "hammered",
        ("receiver-still-down",),
    ),
)


def find(name: str) -> JobVariant:
    """A job by its name, right or broken.

    Raises:
        BadInput: there is none; the text names all.
    """
    known = {**CORRECT, **BROKEN}
    if name not in known:
        raise BadInput(not_among(known, name, expected="a job"))
    return known[name]
