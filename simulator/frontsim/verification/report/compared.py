"""What a run has compared, and what it has not: the event types that were left out, and the columns of effects."""

from collections.abc import Iterator, Mapping, Sequence
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
    if state := derived_state(report):
        yield Listing("Derived state compared with the events", state.lines)


@dataclass(frozen=True, slots=True)
class DerivedState:
    """What a run has seen of the levels and customers that the receiver keeps; `failure` says why they stay unknown."""

    observer: str
    columns: Mapping[str, str]
    lines: Sequence[str]
    items: int
    customers: int
    failure: str


def derived_state(report: Report) -> DerivedState | None:
    """What was seen of it in all scenarios; None without a way to read it."""
    states = [played.history.state for played in report.played if played.history.state]
    if not states:
        return None
    shape = next((state.shape for state in states if state.shape), None)
    people = next((state.customers for state in states if state.customers), None)
    items = sum(played.judgement.items for played in report.played)
    customers = sum(played.judgement.customers for played in report.played)
    failure = next((state.failure for state in states if state.failure), "")
    lines = [
        *([f"{shape}: {items} stock items"] if shape else []),
        *([f"{people}: {customers} customers"] if people else []),
    ]
    columns = {
        **(shape.columns if shape else {}),
        **({column: " and ".join(paths) for column, paths in people.columns.items()} if people else {}),
    }
    return DerivedState(states[0].observer, columns, lines or [failure], items, customers, failure)


def _columns(report: Report) -> Sequence[str]:
    """The columns, a line for each type: `total -> total: equal in 5 of 5`."""
    by_event: dict[str, list[str]] = {}
    for column, count in sorted(report.columns.items()):
        how = count.rewriting or "equal"
        text = f"{column.name} -> {column.path}: {how} in {count.agreeing} of {count.compared}"
        by_event.setdefault(column.event, []).append(text)
    return [f"{event}: {', '.join(texts)}" for event, texts in by_event.items()]
