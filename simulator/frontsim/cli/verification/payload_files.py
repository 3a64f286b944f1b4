"""`--save-payloads`: the bodies of findings as files, to be looked at or to be sent again.

    DIR/<webhookEventId>.json         the body as it went out; not masked, so that it can be sent again
    DIR/<webhookEventId>.answer.txt   what the receiver answered, masked

Only events of findings are kept: the log of a simulator that runs (`--base-url`) has the others.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import click
import orjson

from frontsim.cli.option_group import option_group
from frontsim.cli.verification.report_files import put
from frontsim.errors import Unusable
from frontsim.verification.played import Played, Report
from frontsim.verification.report.exchange import answer_lines

payload_file_options = option_group(
    click.option(
        "--save-payloads",
        "payload_folder",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Write the body of each finding, and the receiver's answer, to files in DIR, named by the event's id.",
    ),
)


def prepare(folder: Path | None) -> None:
    """Make the folder, before anything is played. Raises Unusable."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise Unusable(f"--save-payloads {folder}: expected a folder or nothing yet, got a file") from None
    except OSError as error:
        raise Unusable(f"--save-payloads {folder}: expected a folder that can be made, got {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise Unusable(f"--save-payloads {folder}: expected a folder to write to, got no permission")


def save(report: Report, folder: Path | None) -> None:
    """Write the files of all findings. What was in the folder stays."""
    if folder is None:
        return
    for played in report.played:
        for event_id in dict.fromkeys(finding.webhook_event_id for finding in played.judgement.findings):
            for ending, content in _contents(played, event_id):
                put(folder / f"{event_id}.{ending}", content)


def _contents(played: Played, event_id: str) -> Iterator[tuple[str, str | bytes]]:
    exchange = played.exchanges.get(event_id)
    if exchange is not None:
        yield "json", exchange.request.body
        if exchange.answer is not None:
            yield "answer.txt", "\n".join([*answer_lines(exchange.answer), ""])
        return
    for event in played.history.events:
        if event.webhook_event_id == event_id and event.payload is not None:
            yield "json", orjson.dumps(event.payload, default=str)
