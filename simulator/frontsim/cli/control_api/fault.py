"""`frontsim fault`: break deliveries, the log or the API on purpose."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import click

from frontsim.cli.choices import NearChoice
from frontsim.cli.completion import event_types
from frontsim.cli.connection import ControlConnection, control_options, is_simulators_own
from frontsim.cli.output import json_option, show_json, show_table
from frontsim.cli.overrides import assignments, finite
from frontsim.client.control import Simulator
from frontsim.client.errors import ApiError
from frontsim.domain.faults import FAULTS, Fault, FaultStage
from frontsim.errors import FrontsimError


class _Faults(click.Group):
    """A group whose help lists every fault and its parameters."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The faults, by where they apply."""
        for stage in FaultStage:
            with formatter.section(f"Faults: {stage}"):
                formatter.write_dl([(each.name, _described(each)) for each in FAULTS.values() if each.stage is stage])


def _described(fault: Fault) -> str:
    params = (
        f"{name} ({param.expected}; default {param.default}): {param.help}" for name, param in fault.params.items()
    )
    return " ".join((fault.help, *params))


@click.group(cls=_Faults)
def fault() -> None:
    """Break deliveries, the log or the API on purpose; the first rule that matches applies."""


@fault.command()
@click.argument("name", type=NearChoice(list(FAULTS)), metavar="NAME")
@click.option("--event", metavar="TYPE", shell_complete=event_types, help="Only events of this type.")
@click.option("--webhook", metavar="ID", help="Only events of this webhook.")
@click.option("--url", metavar="URL", help="Only deliveries to URLs that contain this text.")
@click.option("--trigger", type=NearChoice(["Original", "Resend"]), help="Only the vendor's own runs, or resends.")
@click.option("--run", type=click.IntRange(min=1), help="Only this run of an event: 1 is the first.")
@click.option("--operation", metavar="NAME", help="For faults on the API: one operation, such as deliverWebhookEvent.")
@click.option("--from", "from_", metavar="WHEN", help="Only from this moment on, in simulator time.")
@click.option("--to", metavar="WHEN", help="Only before this moment, in simulator time.")
@click.option("--times", type=click.IntRange(min=1), help="Apply it at most this often.  [default: no limit]")
@click.option(
    "--probability",
    type=click.FloatRange(0, 1),
    callback=finite,
    default=1.0,
    show_default=True,
    help="The chance that it applies.",
)
@click.option(
    "--param",
    "params",
    metavar="NAME=VALUE",
    multiple=True,
    callback=assignments,
    help="A parameter of the fault. Repeatable.",
)
@control_options
@json_option
def add(
    name: str,
    event: str | None,
    webhook: str | None,
    url: str | None,
    trigger: str | None,
    run: int | None,
    operation: str | None,
    from_: str | None,
    to: str | None,
    times: int | None,
    probability: float,
    params: Mapping[str, object],
    control: ControlConnection,
    *,
    as_json: bool,
) -> None:
    """Add a rule: break all deliveries, or some, with the fault NAME.

    Without options it applies to every delivery; a fault on the API applies to calls instead.
    `frontsim fault --help` lists the faults and their parameters.
    """
    options = {
        "event": event,
        "webhookId": webhook,
        "url": url,
        "trigger": trigger,
        "run": run,
        "operation": operation,
        "from": from_,
        "to": to,
    }
    match = {field: value for field, value in options.items() if value is not None}
    with control.open() as simulator:
        rule = simulator.add_fault(name, match=match, times=times, probability=probability, params=params)
    if as_json:
        show_json(rule)
    else:
        _show([rule])


@fault.command("list")
@control_options
@json_option
def list_(control: ControlConnection, *, as_json: bool) -> None:
    """List the rules in their order, and how often each has fired."""
    with control.open() as simulator:
        rules = simulator.list_faults()
    if as_json:
        show_json(rules)
    else:
        _show(rules)


@fault.command()
@click.argument("fault_ids", nargs=-1, metavar="[ID]...")
@control_options
def clear(fault_ids: tuple[str, ...], control: ControlConnection) -> None:
    """Remove the rules of these ids; without one, every rule."""
    with control.open() as simulator:
        if not fault_ids:
            simulator.clear_faults()
        was_there = {fault_id: _removed(simulator, fault_id) for fault_id in dict.fromkeys(fault_ids)}
    unknown = [repr(fault_id) for fault_id, there in was_there.items() if not there]
    if unknown:
        removed = ", ".join(fault_id for fault_id, there in was_there.items() if there)
        raise FrontsimError(
            f"expected the ids of fault rules, got {', '.join(unknown)} (`frontsim fault list` shows them); "
            f"removed: {removed or 'none'}"
        )


def _removed(simulator: Simulator, fault_id: str) -> bool:
    """Remove a rule; False if no rule has that id."""
    try:
        simulator.remove_fault(fault_id)
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND or not is_simulators_own(error):
            raise
        return False
    return True


def _show(rules: list[Any]) -> None:
    rows = [
        (
            rule.get("id"),
            rule.get("fault"),
            _words(rule.get("match")) or f"every {_applies_to(rule.get('fault'))}",
            _words(rule.get("params")),
            "ever" if rule.get("times") is None else rule["times"],
            rule.get("probability"),
            rule.get("fired"),
        )
        for rule in rules
        if isinstance(rule, dict)
    ]
    columns = ["id", "fault", "match", "params", "times", "chance", "fired"]
    show_table(columns, rows, empty="no fault rules")


def _applies_to(name: object) -> str:
    """What a fault breaks: a delivery, or a call of the API."""
    fault = FAULTS.get(str(name))
    return "call" if fault is not None and fault.stage is FaultStage.API else "delivery"


def _words(values: object) -> str:
    """`event=SaleCreated run=1`, of what is set."""
    if not isinstance(values, dict):
        return ""
    return " ".join(f"{name}={value}" for name, value in values.items() if value is not None)
