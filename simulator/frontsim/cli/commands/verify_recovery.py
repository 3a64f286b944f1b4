"""`frontsim verify-recovery`: play outages against a list -> resend job, and say what it misses or sends twice."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from frontsim.cli.commands import verify_options
from frontsim.cli.commands.verify_options import is_quiet, report_options, run_options, show_list
from frontsim.cli.options import cases as case_names
from frontsim.cli.options import seconds_option
from frontsim.cli.output import shown
from frontsim.hosting.user_program import words_of
from frontsim.masking import secrets_shown
from frontsim.recovery.case import Case, chosen
from frontsim.recovery.play import JobSetup
from frontsim.recovery.run import JobReport, PlayedCase, cases_as_json, counts, result_of, run
from frontsim.threads import Interruption
from frontsim.verdicts import EXIT_CODES
from frontsim.wording import counted


@click.command("verify-recovery")
@click.option("--job", metavar="CMD", help="The command that runs your job once.")
@click.option(
    "--case", "names", metavar="NAME", multiple=True, shell_complete=case_names, help="Only this case. Repeatable."
)
@seconds_option(
    "--timeout",
    "timeout_s",
    least=1,
    most=3600,
    default=60.0,
    help_text="How long one start of the job may take.",
)
@seconds_option(
    "--budget",
    "budget_s",
    least=1,
    most=86_400,
    default=240.0,
    help_text="Start no further case after this time; the rest are unknown.",
)
@click.option(
    "--jobs",
    "at_once",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    metavar="N",
    help="Cases to play at the same time, each with its own simulator and state folder.",
)
@run_options(play="case")
@report_options
@click.pass_context
def verify_recovery(ctx: click.Context, /, **options: Any) -> None:
    """Prove that your list -> resend job finds every failed event and sends none twice.

    The job is started many times, each against a simulator with a prepared past. It reads FRONTSIM_BASE_URL,
    FRONTSIM_API_KEY, FRONTSIM_SUBSCRIPTION_KEY and FRONTSIM_WEBHOOK_IDS (separated by commas); frontsim fills
    in {base_url}, {api_key}, {subscription_key} and {webhook_ids} in CMD. The job must keep its state in
    FRONTSIM_STATE_DIR.

    Exit code: 0 verified, 1 violated, 2 unknown, 3 usage, 4 our own failure.
    """
    verify_options.check(options)
    cases = chosen(options["names"])
    if options["only_list"]:
        show_list(cases, cases_as_json(cases), options)
        return
    if not options["job"]:
        raise click.UsageError("expected --job CMD, such as --job 'python reconcile.py'; --list explains the cases")
    words_of(options["job"], {})
    with secrets_shown(options["show_secrets"]):
        report = _run(cases, options)
        result = result_of(report)
        try:
            verify_options.tell(result, options)
        finally:
            verify_options.write(result, options)
    if report.failure:  # told last, when all results are written
        raise report.failure
    ctx.exit(EXIT_CODES[report.verdict])


def _run(cases: Sequence[Case], options: Mapping[str, Any]) -> JobReport:
    """Play all cases, a line for each; Ctrl-C ends it with what is known."""
    quiet, interruption = is_quiet(options), Interruption()

    silent: list[PlayedCase] = []

    def show(played: PlayedCase) -> None:
        """A line for each; if the job makes no call at all, the verdict says so alone."""
        silent.append(played)
        if not played.is_silent:
            while silent:
                _say_case(silent.pop(0), err=quiet)
        interruption.check()

    report = run(
        JobSetup(options["job"], options["timeout_s"]),
        cases,
        seed=options["seed"],
        strict=options["strict"],
        at_once=options["at_once"],
        budget_s=options["budget_s"],
        interruption=interruption,
        on_played=show,
    )
    for played in [] if report.stopped else silent:
        _say_case(played, err=quiet)
    click.echo(err=quiet)
    return report


def _say_case(played: PlayedCase, *, err: bool) -> None:
    found = counts(played)
    judgement = played.judgement
    classes = ", ".join(dict.fromkeys(finding.class_ for finding in judgement.findings))
    summary = (
        classes
        or judgement.reason
        or f"{found['recovered']} of {found['failed']} recovered, {counted(int(found['calls']), 'call')}"
    )
    begins = f"{judgement.verdict:9}  {played.case.name:20}  {played.history.duration_s:5.1f} s"
    click.echo(shown(f"{begins}  {summary}"), err=err)
