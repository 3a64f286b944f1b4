"""`frontsim verify`: play outages against a receiver, and say whether it lost or doubled anything."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from frontsim.cli.output import shown
from frontsim.cli.setting_options import delivery_options
from frontsim.cli.verification import payload_files, report_files
from frontsim.cli.verification.interruption import Interruption
from frontsim.cli.verification.payload_files import payload_file_options
from frontsim.cli.verification.replay import replay_of
from frontsim.cli.verification.report_files import report_options
from frontsim.cli.verification.run_options import is_quiet, run_options, say, show_list
from frontsim.cli.verification.verify_options import (
    HOW_TO_OBSERVE,
    choice_options,
    limit_options,
    observer_options,
    receiver_options,
    simulator_options,
)
from frontsim.cli.verification.verify_request import pace_of, request_of, simulators_of, with_nearest_observer
from frontsim.cli.verification.verify_table import LiveTable
from frontsim.clock import RunTime
from frontsim.presentation.masking import masked, masked_errors, secrets_shown
from frontsim.simulator_process import SimulatorProcess
from frontsim.verdicts import EXIT_CODES
from frontsim.verification.dependency.dependencies import Dependencies
from frontsim.verification.hosted import open_harnesses
from frontsim.verification.judge import clauses
from frontsim.verification.play.probes.key_probe import KeyProbe
from frontsim.verification.play.probes.type_probe import ProbedTypes
from frontsim.verification.played import Played, Report
from frontsim.verification.report.html import as_html
from frontsim.verification.report.junit import as_junit
from frontsim.verification.report.markdown import as_markdown
from frontsim.verification.report.masking import without_secrets
from frontsim.verification.report.report import as_json, scenarios_as_json
from frontsim.verification.report.summary import lines
from frontsim.verification.request import Request, selection_of
from frontsim.verification.scenario import scenario
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.selection import Selection
from frontsim.verification.session import play_all

_FORMS: Mapping[str, Callable[[Report], str | bytes]] = {
    "html_file": as_html,
    "junit_file": as_junit,
    "json_file": as_json,
}


@click.command()
@receiver_options
@observer_options
@choice_options
@limit_options
@run_options(play="scenario", strict="; refusing a null that no source shows is a finding, not a warning")
@report_options
@payload_file_options
@simulator_options
@delivery_options
@click.pass_context
def verify(ctx: click.Context, /, **options: Any) -> None:
    """Prove that a receiver loses nothing and doubles nothing: play outages against it and count what it booked.

    Give one way to see effects (--observe-...): a receiver's answers prove nothing. In a GitHub workflow verify adds
    the summary to the job's page.

    Exit code: 0 verified, 1 violated, 2 unknown, 3 usage or nothing at that URL, 4 our own failure.
    """
    report_files.check(options)
    chosen = scenario.chosen(options["names"])
    if options["only_list"]:
        show_list(chosen, scenarios_as_json(chosen), options)
        return
    if not options["receiver"]:
        raise click.UsageError("expected --receiver URL, such as http://127.0.0.1:8500/hook; --list explains scenarios")
    request = request_of(with_nearest_observer(ctx, options))
    payload_files.prepare(options["payload_folder"])
    with secrets_shown(options["show_secrets"]):
        with masked_errors():
            selection = selection_of(request)
            scenario.refuse_mismatches(chosen, selection.mismatch)
            if not request.observers:
                raise click.UsageError(HOW_TO_OBSERVE)
            report = _run(request, selection, chosen, options, ctx.obj)
        try:
            say(lines(report), quiet=is_quiet(options))
        finally:
            _write(report, options)
    ctx.exit(2 if report.interrupted else EXIT_CODES[report.verdict])


def _run(
    request: Request,
    selection: Selection,
    chosen: list[Scenario],
    options: Mapping[str, Any],
    begun: SimulatorProcess | None,
) -> Report:
    """Play all scenarios and show each as it ends. Ctrl-C ends the run with what is known."""
    contract, seed, run_time = clauses.load(), options["seed"], RunTime()
    sys.path.insert(0, str(Path.cwd()))  # --observe-import finds modules in the current folder
    played: list[Played] = []
    probed: list[ProbedTypes] = []
    interrupted, key_probe = False, KeyProbe()
    try:
        with (
            Interruption() as interruption,
            simulators_of(options, begun) as simulators,
            open_harnesses(
                request,
                seed,
                simulators=simulators,
                pause=time.sleep,
                selection=selection,
                on_probe=probed.append,
                on_dependencies=partial(_announce, quiet=is_quiet(options)),
            ) as open_harness,
            _hinted(probed, request),
            LiveTable(chosen, quiet=is_quiet(options)) as table,
        ):
            for each in play_all(chosen, open_harness, contract, pace_of(options), key_probe):
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
        started_at=run_time.started_at,
        duration_s=run_time.duration_s(),
        left_out=probed[0].refused if probed and request.is_auto else {},
        keys=key_probe.found,
        replay=replay_of(sys.argv[1:], options["names"], seed),
    )


def _announce(dependencies: Dependencies, *, quiet: bool) -> None:
    """Tell where the receiver must connect."""
    for sentence in dependencies.sentences:
        click.echo(sentence, err=quiet)


@contextmanager
def _hinted(probed: Sequence[ProbedTypes], request: Request) -> Iterator[None]:
    """Tell at once what most types were answered, before the table begins."""
    hints = [each.hint for each in probed if each.to_all or not request.is_auto]
    for hint in filter(None, hints):
        click.secho(shown(hint), fg="yellow", err=True)
    yield


def _write(report: Report, options: Mapping[str, Any]) -> None:
    """The files that were asked for, and the summary of a GitHub job."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        report_files.put(Path(summary), as_markdown(report), mode="ab")
    payload_files.save(report, options["payload_folder"])
    report_files.write(report, _FORMS, options)
