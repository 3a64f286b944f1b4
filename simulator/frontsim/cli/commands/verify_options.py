"""The options and report files of `verify` and `verify-recovery`.

A new option is declared there, and stands here in its group. If it is about the request, it has the name of its field
in `Request`, and a callback where it needs another type: `verify_request` then takes it over, and `frontsim verify`
needs no change for it.

`check` refuses a file that cannot be written before anything is played. A file that fails later is a warning: the
others are still written, and the exit code stays the verdict's.

DIR/<webhookEventId>.json         the body as it went out; not masked, so that it can be sent again
    DIR/<webhookEventId>.answer.txt   what the receiver answered, masked

Only events of findings are kept: the log of a simulator that runs (`--base-url`) has the others.
"""

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import click
import orjson

from frontsim.cli.connection import BASE_URL
from frontsim.cli.options import (
    Decorator,
    Duration,
    NearChoice,
    assignments,
    event_type_list,
    option_group,
    scenarios,
)
from frontsim.cli.output import show_text_of_json, shown, wrapped
from frontsim.errors import Unusable
from frontsim.files import opened, unplanted
from frontsim.masking import CommandLine
from frontsim.report.as_json import as_json
from frontsim.report.exchange import answer_lines
from frontsim.report.html import as_html
from frontsim.report.junit import as_junit
from frontsim.report.model import RunResult
from frontsim.report.text import annotations, lines
from frontsim.settings import ENVIRONMENT_PREFIX
from frontsim.verification.dependency.breakage import read_addresses
from frontsim.verification.effects.history import ContentCheck
from frontsim.verification.options import VERIFY_OPTIONS
from frontsim.verification.played import Played, Report

HOW_TO_OBSERVE = """add one way to see what the receiver booked, because its answers prove nothing:

  --observe-url URL          a JSON list of ids or objects, such as http://127.0.0.1:8500/effects
  --observe-sql DSN QUERY    a row for each effect, such as sqlite:///shop.db 'SELECT event_id FROM sales'
  --observe-cmd CMD          a line of output for each effect
  --observe-sink NAME        what the receiver sends to /_sim/sink/NAME (with --base-url)
  --observe-import PKG.MOD:ATTR   a Python list, or a function that returns one"""


def _comma_list(_: object, __: object, text: str) -> Sequence[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _declared(name: str, *parameter: str, **details: Any) -> Decorator:
    """The option of a name as `VERIFY_OPTIONS` declares it; `parameter` is its name in the command if it is another."""
    option = VERIFY_OPTIONS[name]
    found: dict[str, Any] = {"help": option.help, "metavar": option.metavar or None}
    if not details.get("multiple") and option.default is not None:
        found["default"] = option.default
    return click.option(f"--{name}", *parameter, **found, **details)


def _seconds(name: str, parameter: str) -> Decorator:
    option = VERIFY_OPTIONS[name]
    time = Duration(least_s=option.least, most_s=option.most)
    return _declared(name, parameter, type=time, show_default=option.default is not None)


def _duration(name: str, parameter: str) -> Decorator:
    return _declared(name, parameter, type=Duration(most_s=VERIFY_OPTIONS[name].most))


receiver_options = option_group(
    _declared("receiver"),
    _declared("receiver-cmd"),
    _declared(
        "dependency", "dependencies", multiple=True, callback=lambda _, __, values: values and read_addresses(values)
    ),
    _duration("dependency-away", "away_s"),
    heading="Your receiver",
)
"""The receiver, and what runs it."""

observer_options = option_group(
    _declared("observe-url"),
    _declared("observe-sql", nargs=2),
    _declared("observe-cmd"),
    _declared("observe-sink"),
    _declared("observe-import"),
    _declared("observe-key", show_default=True),
    _declared("observe-ignore", multiple=True),
    _declared("observe-map", type=click.Path(dir_okay=False, path_type=Path)),
    _declared("observe-state"),
    click.option(  # set by the page, for URLs that its visitors name
        "--observe-discreetly", is_flag=True, hidden=True, envvar=f"{ENVIRONMENT_PREFIX}OBSERVE_DISCREETLY"
    ),
    _declared(
        "check-content",
        type=NearChoice(VERIFY_OPTIONS["check-content"].choices, case_sensitive=False),
        show_default=True,
        callback=lambda _, __, value: ContentCheck(value),
    ),
    heading="What it booked",
)
"""How effects are read and compared."""

scenario_options = option_group(
    _declared("scenario", "names", multiple=True, shell_complete=scenarios), heading="What is played"
)
"""Which scenarios are played."""

drift_option = click.option(
    "--drift",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="A folder of newer schemas, as `contracts pull` writes it: play each change by itself, and nothing else, and "
    "name those that the receiver does not survive.",
)

event_options = option_group(
    _declared("events", shell_complete=event_type_list, callback=_comma_list),
    _declared("set", "changes", multiple=True, callback=assignments),
    _declared(
        "contracts",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        envvar=f"{ENVIRONMENT_PREFIX}CONTRACTS",
        show_envvar=True,
    ),
    heading="What is played",
)
"""With which events scenarios are played."""

wait_options = option_group(
    _seconds("settle", "settle_s"),
    _seconds("timeout", "timeout_s"),
    _seconds("answer-timeout", "answer_s"),
    _declared("jobs", type=click.IntRange(int(VERIFY_OPTIONS["jobs"].least), int(VERIFY_OPTIONS["jobs"].most))),
    heading="How long",
)
"""How long things may take in a scenario, and how many are played at once."""

run_length_options = option_group(
    _duration("memory", "memory_s"),
    _duration("time-travel", "travel_s"),
    _seconds("budget", "budget_s"),
    _duration("explore", "explore_s"),
    heading="How long",
)
"""How long a run of all scenarios may take, and how long a receiver must remember."""

simulator_options = option_group(
    click.option(
        "--base-url", metavar="URL", default="", help=f"Use a simulator that runs already, such as {BASE_URL}."
    ),
    click.option(
        "--token", default="", envvar="FRONTSIM_TOKEN", show_envvar=True, help="That simulator's /_sim token."
    ),
    heading="A simulator that runs already",
)
"""A simulator that runs already."""


STANDARD_OUTPUT = Path("-")
_FILE = click.Path(dir_okay=False, path_type=Path)
_FILE_OR_STANDARD_OUTPUT = click.Path(dir_okay=False, path_type=Path, allow_dash=True)

report_options = option_group(
    click.option(
        "--json",
        "json_file",
        type=_FILE_OR_STANDARD_OUTPUT,
        metavar="FILE",
        help="Write the result as JSON; - is standard output.",
    ),
    click.option("--junit", "junit_file", type=_FILE, metavar="FILE", help="Write the result as JUnit XML."),
    click.option(
        "--html",
        "html_file",
        type=_FILE,
        metavar="FILE",
        help="Write the result as one HTML page, which needs no network.",
    ),
    heading="Reports",
)
"""The options of every command that ends with a verdict. A new one stands here, and its form in `_FORMS`."""
_FORMS: Mapping[str, Callable[[RunResult], str | bytes]] = {
    "html_file": as_html,
    "junit_file": as_junit,
    "json_file": as_json,
}
"""JSON last, because it may go to standard output, which may be closed."""


def check(options: Mapping[str, Any]) -> None:
    """Refuse a file that cannot be written. Raises Unusable."""
    for name in _FORMS:
        file = options[name]
        if file in (None, STANDARD_OUTPUT):
            continue
        if not file.parent.is_dir():
            raise Unusable(f"{file}: expected a file that can be written, got no folder {file.parent}")
        if not os.access(file if file.exists() else file.parent, os.W_OK):
            raise Unusable(f"{file}: expected a file that can be written, got no permission to write there")
        try:
            unplanted(file)
        except OSError as error:
            raise Unusable(f"{file}: expected a file that can be written, got {error.strerror}") from None


def write(result: RunResult, options: Mapping[str, Any]) -> None:
    """Write the files that the options name."""
    for name, form in _FORMS.items():
        if options[name]:
            put(options[name], form(result))


def put(file: Path, content: str | bytes, mode: str = "wb") -> None:
    """Write a file whole, or standard output.

    `mode="ab"` adds to the file. `mode="xb"` makes one that only the user can read in place of what has that name, so
    that a link there leads nowhere.
    """
    if file == STANDARD_OUTPUT:  # only JSON goes there
        show_text_of_json(content.encode() if isinstance(content, str) else content)
        return
    try:
        if mode == "xb":
            file.unlink(missing_ok=True)
        with opened(file, mode, private=mode == "xb") as writes:
            writes.write(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        text = f"{file}: expected a file that can be written, got {error.strerror}; the verdict stands"
        click.echo(f"Warning: {text}", err=True)


_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_LARGEST_DRAWN_SEED = 2**31
_STYLES = {"VERIFIED": "green", "VIOLATED": "red", "UNKNOWN": "yellow"}


class Listed(Protocol):
    """A scenario or a case, as `--list` shows it."""

    @property
    def name(self) -> str: ...
    @property
    def breaks(self) -> str: ...
    @property
    def holds(self) -> str: ...


def _or_drawn(_: click.Context, __: click.Parameter, seed: int | None) -> int:
    return int.from_bytes(os.urandom(8), "big") % _LARGEST_DRAWN_SEED if seed is None else seed


seed_options = option_group(
    click.option(
        "--seed",
        type=click.IntRange(0, int(VERIFY_OPTIONS["seed"].most)),
        callback=_or_drawn,
        envvar=f"{ENVIRONMENT_PREFIX}SEED",
        show_envvar=True,
        help=VERIFY_OPTIONS["seed"].help,
    ),
    click.option("--show-secrets", is_flag=True, help="Mask nothing: show URLs and commands whole, at your own desk."),
)
"""These repeat a run, and show it openly."""


def run_options(*, play: str, strict: str = "") -> Decorator:
    """`--seed`, `--show-secrets`, `--strict` and `--list`.

    Args:
        play: what a run consists of: scenario or case.
        strict: what `--strict` does besides.
    """
    return option_group(
        seed_options,
        click.option("--strict", is_flag=True, help=f"A skipped {play} makes the verdict unknown{strict}."),
        click.option("--list", "only_list", is_flag=True, help=f"List the {play}s and what each is for."),
    )


def is_quiet(options: Mapping[str, Any]) -> bool:
    """Standard output belongs to the JSON, so that everything else goes to standard error."""
    return bool(options["json_file"] == STANDARD_OUTPUT)


def show_list(items: Iterable[Listed], as_json: bytes, options: Mapping[str, Any]) -> None:
    """Print what `--list` shows, and write it as JSON where `--json` says."""
    if options["json_file"]:
        put(options["json_file"], as_json)
    if is_quiet(options):
        return
    for each in items:
        needed = getattr(each, "needs", ())
        needs = f"  (needs {' and '.join(needed)})" if needed else ""
        click.secho(f"{each.name}{needs}", bold=True)
        click.echo(f"  {each.breaks}\n  {each.holds}\n")


def tell(result: RunResult, options: Mapping[str, Any]) -> None:
    """Print the summary of a result; in a GitHub workflow, annotations of the run too."""
    quiet = is_quiet(options)
    is_terminal = (sys.stderr if quiet else sys.stdout).isatty() and not os.environ.get("CI")
    say(lines(result, again=CommandLine.on_terminal if is_terminal else CommandLine.in_report), quiet=quiet)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in annotations(result):
            click.echo(line, err=quiet)


def say(texts: Iterable[str], *, quiet: bool) -> None:
    """Print the summary; a terminal gets prose broken between words, but commands whole, so that they can be copied."""
    is_terminal = (sys.stderr if quiet else sys.stdout).isatty()
    width = shutil.get_terminal_size().columns
    for line in map(shown, texts):
        word = line.partition(":")[0]
        is_prose = is_terminal and not word.strip().startswith("Again")
        text = wrapped(line, width=width) if is_prose else line
        click.secho(text, fg=_STYLES.get(word), bold=word in _STYLES, err=quiet)


payload_file_options = option_group(
    click.option(
        "--save-payloads",
        "payload_folder",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Write the body of each finding, and the receiver's answer, to files in DIR, named by the event's id.",
    ),
    heading="Reports",
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
    """Write the files of all findings. What was in the folder stays.

    The simulator of `--base-url` chose the ids, so one that is no UUID, such as `../../.bashrc`, names no file: the
    file's name is a number.
    """
    if folder is None:
        return
    numbers: dict[str, str] = {}
    for played in report.played:
        for event_id in dict.fromkeys(finding.webhook_event_id for finding in played.judgement.findings):
            name = event_id if _UUID.fullmatch(event_id) else numbers.setdefault(event_id, f"{len(numbers) + 1}")
            for ending, content in _contents(played, event_id):
                put(folder / f"{name}.{ending}", content, "xb")


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
