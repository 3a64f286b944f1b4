"""The result of the list -> resend job as a text file for Prometheus (node_exporter's textfile collector reads it)."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from frontsim.client.reconcile import ReconcileResult
from frontsim.errors import Unusable

_Count = Callable[[ReconcileResult], int]
_BY_WEBHOOK: Sequence[tuple[str, str, _Count]] = (
    ("events_listed", "Events that the log listed as failed.", lambda result: result.listed),
    ("resends", "Resends that were made, or may have been.", lambda result: result.resent),
    ("events_recovered", "Listed events that no longer fail.", lambda result: result.recovered),
    ("events_still_failing", "Listed events that still fail.", lambda result: len(result.left)),
    ("events_spent", "Events that are not resent any more (--max-attempts).", lambda result: len(result.spent)),
    ("stopped", "1 if the job could not finish this webhook.", lambda result: int(result.stopped is not None)),
)


def as_prometheus(results: Sequence[ReconcileResult], *, ended_s: float, duration_s: float, exit_code: int) -> str:
    """Gauges about the last start; `ended_s` in seconds since 1970."""
    lines: list[str] = []
    lines += _gauge("last_run_timestamp_seconds", "When the last start ended.", [("", ended_s)])
    lines += _gauge("duration_seconds", "How long the last start took.", [("", duration_s)])
    lines += _gauge("exit_code", "0 clean, 1 something still fails, 3 the job could not run.", [("", exit_code)])
    for name, help_text, count in _BY_WEBHOOK:
        values = [(f'{{webhook="{_escaped(result.webhook_id)}"}}', count(result)) for result in results]
        lines += _gauge(name, help_text, values)
    return "\n".join([*lines, ""])


def write(file: Path, text: str) -> None:
    """Replace the file as a whole, because a collector may read it at any moment.

    Raises:
        Unusable: it cannot be written.
    """
    whole = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        whole.write_text(text, "utf-8")
        whole.replace(file)
    except OSError as error:
        raise Unusable(f"--metrics: expected a file that can be written, got {file} ({error.strerror})") from None


def _gauge(name: str, help_text: str, values: Sequence[tuple[str, float]]) -> Iterator[str]:
    whole = f"frontsim_reconcile_{name}"
    yield f"# HELP {whole} {help_text}"
    yield f"# TYPE {whole} gauge"
    yield from (f"{whole}{labels} {value:.15g}" for labels, value in values)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
