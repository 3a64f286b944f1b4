"""What the shell completes: event types, scenarios, cases and load tests, by how their names begin, in any case."""

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from frontsim import bundled, catalog

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def names(known: Callable[[], Iterable[str]]) -> Complete:
    """Completes with what `known` gives; that is read only when the shell asks."""

    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        begun = incomplete.lower()
        return [CompletionItem(name) for name in known() if name.lower().startswith(begun)]

    return complete


def _files(folder: str) -> Callable[[], list[str]]:
    return lambda: sorted(file.stem for file in bundled.folder("scenarios").joinpath(folder).glob("*.toml"))


event_types = names(lambda: [kind.name for kind in catalog.load()])
scenarios = names(_files("."))
cases = names(_files("recovery"))


def event_type_list(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes the last of several types with commas between them."""
    before, comma, last = incomplete.rpartition(",")
    return [CompletionItem(f"{before}{comma}{item.value}") for item in event_types(ctx, param, last)]
