"""`explore`: asks `explore()`, tells each finding at once, and shows meanwhile what was tried."""

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from frontsim.cli.commands import verify_options
from frontsim.cli.commands.verify import (
    replay_found,
    request_of,
    search,
    with_nearest_observer,
)
from frontsim.cli.commands.verify_options import (
    HOW_TO_OBSERVE,
    event_options,
    is_quiet,
    observer_options,
    receiver_options,
    report_options,
    seed_options,
    simulator_options,
    wait_options,
)
from frontsim.cli.connection import say_where_keys_go
from frontsim.cli.options import Duration, delivery_options, option_group
from frontsim.cli.output import shown
from frontsim.explore.run import BUDGET_S, Exploration, result_of
from frontsim.files import opened
from frontsim.masking import MASK, secrets_shown
from frontsim.report.model import FoundSchedule
from frontsim.report.text import as_markdown
from frontsim.verdicts import EXIT_CODES

_MOST_S = 7 * 86_400
_FOLDER = click.Path(file_okay=False, path_type=Path)

search_options = option_group(
    click.option(
        "--budget",
        "budget_s",
        metavar="TIME",
        type=Duration(most_s=_MOST_S),
        default=f"{BUDGET_S:g}s",
        show_default=True,
        help="How long to search, such as 60s or 10m. A finding ends it sooner. Shrinking may take as long, or 30 s.",
    ),
    click.option(
        "--corpus",
        metavar="DIR",
        type=_FOLDER,
        help="Try the scenarios in DIR first, and add what is found.",
    ),
    click.option("--no-shrink", "shrinks", flag_value=False, default=True, help="Keep a finding as it was found."),
    click.option(
        "--save",
        metavar="DIR",
        type=_FOLDER,
        default=".",
        show_default=True,
        help="The folder for found-NAME.toml, a scenario for each finding.",
    ),
    click.option("--pytest", "tests", is_flag=True, help="Write test_found_NAME.py beside it, which verifies by it."),
)
"""These say what is tried, for how long, and where findings go."""


@click.command()
@receiver_options
@observer_options
@search_options
@event_options
@wait_options
@seed_options
@report_options
@simulator_options
@delivery_options
@click.pass_context
def explore(ctx: click.Context, /, **options: Any) -> None:
    """Search for an outage that a receiver does not survive: draw scenarios, play them, shrink what is found.

    Each finding becomes a scenario file at once, which `frontsim verify --scenario FILE` replays. Give one way to see
    effects (--observe-...). Ctrl-C ends the search and keeps what was found.

    Exit code: 0 nothing found, 1 found, 2 unknown, 3 usage or nothing at that URL, 4 our own failure.
    """
    verify_options.check(options)
    if not options["receiver"]:
        raise click.UsageError("expected --receiver URL, such as http://127.0.0.1:8500/hook")
    request = request_of(with_nearest_observer(ctx, {**options, "memory_s": 0.0, "travel_s": 0.0}))
    with secrets_shown(options["show_secrets"]):
        if not request.observers:
            raise click.UsageError(HOW_TO_OBSERVE)
        say_where_keys_go("api_key", "subscription_key", "token")
        exploration = search(request, options, ctx.obj)
        report(exploration, options)
    ctx.exit(EXIT_CODES[exploration.verdict])


def report(exploration: Exploration, options: Mapping[str, Any]) -> None:
    """Print the summary, and write the files that the options name."""
    result = result_of(exploration, replay_found(sys.argv[1:], exploration.seed))
    try:
        verify_options.tell(result, options)
    finally:
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            verify_options.put(Path(summary), as_markdown(result), mode="ab")
        verify_options.write(result, options)
    if options["tests"] and result.explored:
        for each in result.explored.found:
            click.echo(shown(_keep_test(each)), err=is_quiet(options))


_TEST = """# `frontsim explore` found it: {what}.
#
{story}

import subprocess
import sys
from pathlib import Path

SCENARIO = str(Path(__file__).with_name({file!r}))
VERIFY = [
{words}
    "--scenario",
    SCENARIO,
]


def test_{name}() -> None:
    done = subprocess.run([sys.executable, "-m", "frontsim", *VERIFY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
"""


def _keep_test(found: FoundSchedule) -> str:
    """Write a test that replays a finding, and say so; no file is overwritten, and none gets a secret."""
    if not found.file:
        return f"no test   of {found.name}: its scenario could not be written"
    file = Path(found.file)
    name = re.sub(r"\W", "_", file.stem)
    test = file.with_name(f"test_{name}.py")
    if MASK in found.replay.on_terminal():
        return (
            f"no test   {test}: name what is secret in frontsim.toml or a FRONTSIM_... variable, or use --show-secrets"
        )
    told = _TEST.format(
        what=f"{found.class_} ({found.clause}) of {found.event}",
        story="\n".join(f"# {number}. {sentence}" for number, sentence in enumerate(found.story, 1)),
        file=file.name,
        words="\n".join(f"    {json.dumps(word)}," for word in found.replay.without("--scenario").words[1:]),
        name=name,
    )
    try:
        with opened(test, "xb") as writes:
            writes.write(told.encode())
    except OSError as error:
        return f"no test   {test}: expected a file that can be written, got {error.strerror}"
    return f"test      {test}"
