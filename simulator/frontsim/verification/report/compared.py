"""What a run has compared, and what it has not: the event types that were left out, and the columns of effects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from frontsim.verification.played import Report


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of a report under a title."""

    title: str
    lines: Sequence[str]


def listings(report: Report) -> Iterator[Listing]:
    """The types that --events auto left out, and the columns that were compared with the payload, if there are any."""
    if report.left_out:
        answers = ", ".join(dict.fromkeys(report.left_out.values()))
        yield Listing(f"Left out by --events auto (answered {answers})", [", ".join(report.left_out)])
    if report.columns:
        yield Listing("Columns compared with the payload", _columns(report))


def _columns(report: Report) -> Sequence[str]:
    """The columns, a line for each type: `total -> total: equal in 5 of 5`."""
    by_event: dict[str, list[str]] = {}
    for column, count in sorted(report.columns.items()):
        how = count.rewriting or "equal"
        told = f"{column.name} -> {column.path}: {how} in {count.agreeing} of {count.compared}"
        by_event.setdefault(column.event, []).append(told)
    return [f"{event}: {', '.join(told_of)}" for event, told_of in by_event.items()]
