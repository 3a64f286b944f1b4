"""`frontsim verify`: play outages against a receiver, and say whether it lost or doubled anything."""

import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from frontsim.cli.completion import event_type_list, scenarios
from frontsim.cli.connection import BASE_URL
from frontsim.cli.output import shown, wrapped
from frontsim.cli.processes.serve import delivery_options
from frontsim.cli.verification.interruption import Interruption
from frontsim.cli.verification.verify_files import STANDARD_OUTPUT, check, put, write
from frontsim.cli.verification.verify_table import LiveTable
from frontsim.client.control import control_url
from frontsim.clock import stopwatch
from frontsim.masking import masked, masked_errors, masked_words, secrets_shown
from frontsim.settings import Settings, of_delivery
from frontsim.verification.facts.history import ContentCheck
from frontsim.verification.hosted import open_harnesses
from frontsim.verification.judge import clauses
from frontsim.verification.judge.checks import Verdict
from frontsim.verification.play.harness import TimeLimits
from frontsim.verification.play.type_probe import ProbedTypes
from frontsim.verification.report.masking import without_secrets
from frontsim.verification.report.report import scenarios_as_json
from frontsim.verification.report.summary import lines
from frontsim.verification.request import KEY, Address, Request, selection_of
from frontsim.verification.scenario import scenario
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.selection import Selection
from frontsim.verification.schedule import Pace
from frontsim.verification.session import Played, Report, play_all

EXIT_CODES = {Verdict.VERIFIED: 0, Verdict.VIOLATED: 1, Verdict.UNKNOWN: 2, Verdict.SKIPPED: 2}
_NOT_REPLAYED = {"--scenario", "--seed", "--json", "--junit", "--html", "--token"}
_JOBS, _JOBS_THAT_WAIT = 4, 16
_BUDGET_S, _BUDGET_WITH_KILLS_S = 120.0, 240.0
_LARGEST_SEED = 2**31
_HOW_TO_OBSERVE = """add one way to see what the receiver booked, because its answers prove nothing:

  --observe-url URL          a JSON list of ids or objects, such as http://127.0.0.1:8500/effects
  --observe-sql DSN QUERY    a row for each effect, such as sqlite:///shop.db 'SELECT event_id FROM sales'
  --observe-cmd CMD          a line of output for each effect
  --observe-sink NAME        what the receiver sends to /_sim/sink/NAME (with --base-url)
  --observe-import PKG.MOD:ATTR   a Python list, or a function that returns one"""
_STYLES = {"VERIFIED": "green", "VIOLATED": "red", "UNKNOWN": "yellow"}


@click.command()
@click.option("--receiver", metavar="URL", help="The receiver's URL: every event is delivered there.")
@click.option("--observe-url", metavar="URL", default="", help="Effects: a JSON list, of ids or of objects.")
@click.option(
    "--observe-sql",
    metavar="DSN QUERY",
    nargs=2,
    help="Effects: one per row. sqlite:///FILE is built in, other databases need the extra [sql].",
)
@click.option("--observe-cmd", metavar="CMD", default="", help="Effects: one per line of output.")
@click.option("--observe-sink", metavar="NAME", default="", help="Effects: what the receiver sent to /_sim/sink/NAME.")
@click.option(
    "--observe-import",
    metavar="PKG.MOD:ATTR",
    default="",
    help="Effects: a Python list, or a function that returns one.",
)
@click.option(
    "--observe-key",
    metavar="PATH",
    default=KEY,
    show_default=True,
    help="Where an effect has the event's id, or 'business' if it has the type's own identity, such as saleId.",
)
@click.option(
    "--check-content",
    type=click.Choice(list(ContentCheck), case_sensitive=False),
    default=ContentCheck.KNOWN,
    show_default=True,
    help="How an effect's copy of the payload is compared: every key and value, what no database or JSON library does "
    "by itself, or not at all.",
)
@click.option(
    "--receiver-cmd",
    metavar="CMD",
    default="",
    help="Starts the receiver, so that scenarios can kill -9 and restart it.",
)
@click.option(
    "--scenario",
    "names",
    metavar="NAME",
    multiple=True,
    shell_complete=scenarios,
    help="Only this one, or a .toml file. Repeatable.",
)
@click.option(
    "--events",
    metavar="TYPE,...",
    shell_complete=event_type_list,
    default="",
    help="Only these event types. auto: all but those that the receiver refuses with one and the same answer; the "
    "verdict lists what is left out.",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Repeats a run.  [default: drawn, and printed]")
@click.option(
    "--settle",
    "settle_s",
    type=click.FloatRange(0.05, 600),
    default=0.3,
    show_default=True,
    metavar="SECONDS",
    help="Judge effects after they were unchanged for so long. While one is missing, wait ten times as long, and once "
    "in a run at least 15 s.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(1, 3600),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="The longest that one scenario may take.",
)
@click.option(
    "--budget",
    "budget_s",
    type=click.FloatRange(1, 86_400),
    metavar="SECONDS",
    help="Begin no further scenario after so long; what was not played is skipped, with the reason.  [default: 120, "
    "with --receiver-cmd 240]",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 16),
    metavar="N",
    help="Play so many scenarios side by side, if the receiver answers fast; with --receiver-cmd or --base-url always "
    "one.  [default: 4, or 16 if it books late]",
)
@click.option(
    "--answer-timeout",
    "answer_s",
    type=click.FloatRange(0.1, 600),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the receiver may take to answer a delivery.",
)
@click.option("--strict", is_flag=True, help="A skipped scenario makes the verdict unknown.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Write the result as JSON; - is standard output.",
)
@click.option(
    "--junit",
    "junit_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the result as JUnit XML.",
)
@click.option(
    "--html",
    "html_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the result as one HTML page with a timeline for each event; it needs no network.",
)
@click.option(
    "--base-url", metavar="URL", default="", help=f"Use the simulator there (such as {BASE_URL}), not our own."
)
@click.option("--token", default="", envvar="FRONTSIM_TOKEN", show_envvar=True, help="That simulator's /_sim token.")
@click.option(
    "--contracts",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    envvar="FRONTSIM_CONTRACTS",
    show_envvar=True,
    help="Event types of your own.",
)
@delivery_options
@click.option("--show-secrets", is_flag=True, help="Show URLs and commands whole, for your own desk: mask nothing.")
@click.option("--list", "only_list", is_flag=True, help="List the scenarios and what each is for.")
@click.pass_context
def verify(ctx: click.Context, /, **options: Any) -> None:
    """Prove that a receiver loses nothing and doubles nothing: play outages against it and count what it booked.

    Give one way to see effects (--observe-...): a receiver's answers prove nothing. In a GitHub workflow verify adds
    the summary to the job's page.

    Exit code: 0 verified, 1 violated, 2 unknown, 3 usage or nothing at that URL, 4 our own failure.
    """
    check(options)
    chosen = scenario.chosen(options["names"])
    if options["only_list"]:
        _list(chosen, options["json_file"])
        return
    if not options["receiver"]:
        raise click.UsageError("expected --receiver URL, such as http://127.0.0.1:8500/hook; --list explains scenarios")
    request = _request(options)
    seed = options["seed"] if options["seed"] is not None else int.from_bytes(os.urandom(8), "big") % _LARGEST_SEED
    with secrets_shown(options["show_secrets"]):
        with masked_errors():
            selection = selection_of(request)
            scenario.refuse_mismatches(chosen, selection.mismatch)
            if not request.observers:
                raise click.UsageError(_HOW_TO_OBSERVE)
            report = _run(request, selection, chosen, seed, options)
        try:
            _say(report, quiet=options["json_file"] == STANDARD_OUTPUT)
        finally:
            write(report, options)
    ctx.exit(2 if report.interrupted else EXIT_CODES[report.verdict])


def _request(options: dict[str, Any]) -> Request:
    return Request(
        receiver=options["receiver"],
        observe_url=options["observe_url"],
        observe_sql=options["observe_sql"] or None,
        observe_cmd=options["observe_cmd"],
        observe_sink=options["observe_sink"],
        observe_import=options["observe_import"],
        observe_key=options["observe_key"],
        check_content=ContentCheck(options["check_content"]),
        receiver_cmd=options["receiver_cmd"],
        events=[name.strip() for name in options["events"].split(",") if name.strip()],
        limits=TimeLimits(options["settle_s"], options["timeout_s"], options["answer_s"]),
        contracts=options["contracts"],
        delivery_shape=options["delivery_shape"],
        delivery={item.name: options[item.name] for item in of_delivery() if item.name != "delivery_shape"},
    )


def _run(request: Request, selection: Selection, chosen: list[Scenario], seed: int, options: dict[str, Any]) -> Report:
    """Play all scenarios and show each as it ends. Ctrl-C ends the run with what is known."""
    contract = clauses.load()
    sys.path.insert(0, str(Path.cwd()))  # --observe-import finds modules in the current folder
    played: list[Played] = []
    probed: list[ProbedTypes] = []
    interrupted = False
    started_at, began = datetime.now(UTC), stopwatch()
    try:
        with (
            Interruption() as interruption,
            open_harnesses(
                request,
                seed,
                pause=time.sleep,
                selection=selection,
                address=_named_simulator(options),
                on_probe=probed.append,
            ) as open_harness,
            _hinted(probed, request),
            LiveTable(chosen, quiet=options["json_file"] == STANDARD_OUTPUT) as table,
        ):
            for each in play_all(chosen, open_harness, contract, _pace(options)):
                played.append(replace(each, judgement=without_secrets(each.judgement)))
                with interruption.deferred():  # half a row would be printed again
                    table.show(played[-1])
                interruption.check()
    except KeyboardInterrupt:
        interrupted = True
    return Report(
        receiver=masked(request.receiver),
        seed=seed,
        played=played,
        contract=contract,
        strict=options["strict"],
        interrupted=interrupted,
        version=version("frontsim"),
        started_at=f"{started_at:%Y-%m-%dT%H:%M:%SZ}",
        duration_s=stopwatch() - began,
        left_out=probed[0].refused if probed and request.is_auto else {},
        replay=_replay(seed, options["names"]),
    )


@contextmanager
def _hinted(probed: Sequence[ProbedTypes], request: Request) -> Iterator[None]:
    """Tell at once what most types were answered, before the table begins."""
    hints = [] if request.is_auto else [each.hint for each in probed]
    for hint in filter(None, hints):
        click.secho(shown(hint), fg="yellow", err=True)
    yield


def _pace(options: dict[str, Any]) -> Pace:
    """How fast to play: a receiver that is killed, and a simulator that is shared, take one scenario at a time."""
    is_one_at_a_time = options["receiver_cmd"] or options["base_url"]
    asked = 1 if is_one_at_a_time else options["jobs"]
    return Pace(
        asked or _JOBS,
        asked or _JOBS_THAT_WAIT,
        options["budget_s"] or (_BUDGET_WITH_KILLS_S if options["receiver_cmd"] else _BUDGET_S),
    )


def _named_simulator(options: dict[str, Any]) -> Address | None:
    """The simulator of --base-url, with the keys of the environment."""
    if not options["base_url"]:
        return None
    return Address(
        options["base_url"],
        control_url(options["base_url"]),
        options["token"],
        api_key=os.environ.get("FRONTSIM_API_KEY", Settings.api_key),
        subscription_key=os.environ.get("FRONTSIM_SUBSCRIPTION_KEY", Settings.subscription_key),
    )


def _replay(seed: int, names: Sequence[str]) -> Callable[[str], str]:
    """The command line as it was typed, without secrets, for one scenario (by its file, if any) and with the seed."""
    files = {Path(name).stem: name for name in names if name.endswith(".toml")}
    kept: list[str] = []
    words = iter(sys.argv[1:])
    for word in words:
        if word.partition("=")[0] not in _NOT_REPLAYED:
            kept.append(word)
        elif "=" not in word:
            next(words, None)
    shown_words = masked_words(kept)
    return lambda name: shlex.join(["frontsim", *shown_words, "--scenario", files.get(name, name), "--seed", str(seed)])


def _say(report: Report, *, quiet: bool) -> None:
    """Print the summary; a terminal gets prose broken between words, but commands whole, so that they can be copied."""
    is_terminal = (sys.stderr if quiet else sys.stdout).isatty()
    width = shutil.get_terminal_size().columns
    for line in map(shown, lines(report)):
        word = line.partition(":")[0]
        prose = is_terminal and word.strip() != "Again"
        text = wrapped(line, width=width) if prose else line
        click.secho(text, fg=_STYLES.get(word), bold=word in _STYLES, err=quiet)


def _list(chosen: list[Scenario], json_file: Path | None) -> None:
    if json_file:
        put(json_file, scenarios_as_json(chosen))
    if json_file == STANDARD_OUTPUT:
        return
    for each in chosen:
        needs = "  (needs --receiver-cmd)" if each.needs_process_control else ""
        click.secho(f"{each.name}{needs}", bold=True)
        click.echo(f"  {each.breaks}\n  {each.holds}\n")
