"""A bar on standard error for what takes a while; nothing where no terminal shows it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_of(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Gives what to call with the number that is done. The bar goes away at the end, however that comes."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - takes a tenth of a second, which a pipe need not wait for
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
