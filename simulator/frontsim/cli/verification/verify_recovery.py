"""`frontsim verify-recovery`: play outages against a list -> resend job, and say what it misses or sends twice."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from frontsim.cli.completion import cases
from frontsim.cli.output import shown
from frontsim.cli.verification.interruption import Interruption
from frontsim.cli.verification.verify_files import STANDARD_OUTPUT, check, put
from frontsim.clock import stopwatch
from frontsim.masking import masked_command, secrets_shown
from frontsim.recovery import clauses
from frontsim.recovery.case import chosen
from frontsim.recovery.command import words_of
from frontsim.recovery.hosted import open_simulator
from frontsim.recovery.html import as_html
from frontsim.recovery.judge import Verdict
from frontsim.recovery.play import JobSetup
from frontsim.recovery.report import as_json, as_junit, cases_as_json, counts, lines
from frontsim.recovery.session import JobReport, PlayedCase, play_all

EXIT_CODES = {Verdict.VERIFIED: 0, Verdict.VIOLATED: 1, Verdict.UNKNOWN: 2, Verdict.SKIPPED: 2}
_STYLES = {"VERIFIED": "green", "VIOLATED": "red", "UNKNOWN": "yellow"}
_LARGEST_SEED = 2**31
_FILE = click.Path(dir_okay=False, path_type=Path, allow_dash=True)


@click.command("verify-recovery")
@click.option("--job", metavar="CMD", help="The command that runs your job once.")
@click.option(
    "--case", "names", metavar="NAME", multiple=True, shell_complete=cases, help="Only this case. Repeatable."
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Repeats a run.  [default: drawn, and printed]")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(1, 3600),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="What one start of the job may take.",
)
@click.option(
    "--budget",
    "budget_s",
    type=click.FloatRange(1, 86_400),
    default=240.0,
    show_default=True,
    metavar="SECONDS",
    help="No case begins after so long; those that did not begin are unknown.",
)
@click.option(
    "--jobs",
    "at_once",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    metavar="N",
    help="Cases that are played at the same time, each with a simulator and a state folder of its own.",
)
@click.option("--strict", is_flag=True, help="A skipped case makes the verdict unknown.")
@click.option("--json", "json_file", type=_FILE, metavar="FILE", help="Write the result as JSON; - is standard output.")
@click.option("--junit", "junit_file", type=_FILE, metavar="FILE", help="Write the result as JUnit XML.")
@click.option("--html", "html_file", type=_FILE, metavar="FILE", help="Write the result as one HTML page.")
@click.option("--show-secrets", is_flag=True, help="Show the job's command whole, for your own desk: mask nothing.")
@click.option("--list", "only_list", is_flag=True, help="List the cases and what each is for.")
@click.pass_context
def verify_recovery(ctx: click.Context, /, **options: Any) -> None:
    r"""Prove that your list -> resend job finds every failed event and sends none twice.

    The job is started many times, each against a simulator with a prepared past. It reads FRONTSIM_BASE_URL,
    FRONTSIM_API_KEY, FRONTSIM_SUBSCRIPTION_KEY and FRONTSIM_WEBHOOK_IDS (separated by commas); {base_url}, {api_key},
    {subscription_key} and {webhook_ids} in CMD are filled in. Keep its state in FRONTSIM_STATE_DIR.

    \b
    frontsim verify-recovery --job 'python reconcile.py'
    frontsim verify-recovery --job 'frontsim job --broken only-today' --case every-webhook

    Exit code: 0 verified, 1 violated, 2 unknown, 3 usage, 4 our own failure.
    """
    check(options)
    cases = chosen(options["names"])
    json_file = options["json_file"]
    if options["only_list"]:
        if json_file:
            put(json_file, cases_as_json(cases))
        if json_file != STANDARD_OUTPUT:
            for case in cases:
                click.secho(case.name, bold=True)
                click.echo(f"  {case.breaks}\n  {case.holds}\n")
        return
    if not options["job"]:
        raise click.UsageError("expected --job CMD, such as --job 'python reconcile.py'; --list explains the cases")
    words_of(options["job"], {})
    seed = options["seed"] if options["seed"] is not None else int.from_bytes(os.urandom(8), "big") % _LARGEST_SEED
    with secrets_shown(options["show_secrets"]):
        report = _run(options, seed)
    try:
        for line in lines(report):
            word = line.partition(":")[0]
            click.secho(shown(line), fg=_STYLES.get(word), bold=word in _STYLES, err=json_file == STANDARD_OUTPUT)
    finally:
        for name, form in (("html_file", as_html), ("junit_file", as_junit), ("json_file", as_json)):
            if options[name]:
                put(options[name], form(report))
    ctx.exit(2 if report.interrupted else EXIT_CODES[report.verdict])


def _run(options: Mapping[str, Any], seed: int) -> JobReport:
    """Play all cases, a line for each; Ctrl-C ends it with what is known."""
    contract, played, interrupted = clauses.load(), list[PlayedCase](), False
    started_at, began = datetime.now(UTC), stopwatch()
    playing = play_all(
        chosen(options["names"]),
        JobSetup(options["job"], options["timeout_s"]),
        partial(open_simulator, seed=seed),
        contract,
        at_once=options["at_once"],
        budget_s=options["budget_s"],
    )
    try:
        with Interruption() as interruption:
            for each in playing:
                played.append(each)
                _say_case(each, err=options["json_file"] == STANDARD_OUTPUT)
                interruption.check()
    except KeyboardInterrupt:
        interrupted = True
    click.echo(err=options["json_file"] == STANDARD_OUTPUT)
    return JobReport(
        job=masked_command(options["job"]),
        seed=seed,
        played=played,
        contract=contract,
        version=version("frontsim"),
        started_at=f"{started_at:%Y-%m-%dT%H:%M:%SZ}",
        duration_s=stopwatch() - began,
        strict=options["strict"],
        interrupted=interrupted,
    )


def _say_case(played: PlayedCase, *, err: bool) -> None:
    found = counts(played)
    judgement = played.judgement
    classes = ", ".join(dict.fromkeys(finding.class_ for finding in judgement.findings))
    told = classes or judgement.reason or f"{found['recovered']} of {found['failed']} recovered, {found['calls']} calls"
    begins = f"{judgement.verdict:9}  {played.case.name:20}  {played.history.duration_s:5.1f} s"
    click.echo(shown(f"{begins}  {told}"), err=err)
