"""`trigger`, `simulate`, `fault`, `tail`, `drain`, `clock`, `reset`, `stats`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import click
import orjson

from frontsim.cli.connection import ControlConnection, control_options, is_simulators_own
from frontsim.cli.options import (
    NearChoice,
    assignments,
    event_types,
    finite,
    names,
    payload_options,
    seconds_option,
)
from frontsim.cli.output import delivery_line, json_option, progress_of, show_json, show_line, show_table, shown
from frontsim.client.control import Simulator
from frontsim.client.errors import ApiError, CallError
from frontsim.client.models import RaisedEvent, TriggerAnswer
from frontsim.domain.faults import FAULTS, Fault, FaultStage
from frontsim.errors import FrontsimError
from frontsim.payloads.making.shop import ACTS
from frontsim.wording import not_among

_STILL_UNDER_WAY = 1


@click.command()
@seconds_option(
    "--timeout",
    "timeout_s",
    least=0,
    most=86_400,
    default=30.0,
    help_text="How long to wait.",
)
@control_options
@click.pass_context
def drain(ctx: click.Context, timeout_s: float, control: ControlConnection) -> None:
    """Wait until nothing is due or in flight.

    Exit code: 0 everything has ended, 1 something is still under way.
    """
    with control.open() as simulator:
        is_drained = simulator.drain(timeout_s)
    if not is_drained:
        click.echo(f"Deliveries are still under way after {timeout_s:g} s.", err=True)
        ctx.exit(_STILL_UNDER_WAY)


@click.command()
@click.option("--advance", "advance_s", type=float, metavar="SECONDS", help="Move time forward.")
@click.option("--set", "now", metavar="WHEN", help="Set the time, such as '2021-12-01 08:50:46'.")
@control_options
@json_option
def clock(advance_s: float | None, now: str | None, control: ControlConnection, *, as_json: bool) -> None:
    """Show the simulator's time, or move it."""
    if advance_s is not None and now is not None:
        raise click.UsageError("expected --advance or --set, got both")
    with control.open() as simulator:
        if advance_s is not None:
            found = simulator.advance(advance_s)
        else:
            found = simulator.clock() if now is None else simulator.set_clock(now)
    if as_json:
        show_json(found)
    else:
        click.echo(f"{shown(found['now'])}  ({round(found['offsetS']):+d} s from real time)")


@click.command()
@control_options
def reset(control: ControlConnection) -> None:
    """Forget webhooks, events, fault rules and sinks, and set the clock back to real time."""
    with control.open() as simulator:
        simulator.reset()


@click.command()
@control_options
@json_option
def stats(control: ControlConnection, *, as_json: bool) -> None:
    """Show how much the log holds, and how often each fault rule has fired."""
    with control.open() as simulator:
        found = simulator.stats()
    if as_json:
        show_json(found)
        return
    rows = [(name, value) for name, value in found.items() if not isinstance(value, dict)]
    rows += [(f"fault {number} fired", times) for number, times in found.get("faults", {}).items()]
    show_table(["what", "number"], rows, empty="nothing counted")


@click.command()
@control_options
@json_option
def tail(control: ControlConnection, *, as_json: bool) -> None:
    """Follow the deliveries of a running simulator, from now on: when, id, type, how it ended, ms, fault, URL.

    Ctrl-C ends it; it ends by itself with the simulator.
    """
    with control.open() as simulator:
        for message in simulator.stream():
            about = orjson.loads(message.data)
            if "outcome" not in about:
                continue
            if as_json:
                show_line(about)
            else:
                click.echo(delivery_line(about))


def show_raised(raised: TriggerAnswer, *columns: str, wanted: str, as_json: bool) -> None:
    """Print the events in these columns; `wanted` is the type to subscribe to where no webhook matched."""
    if as_json:
        show_json(raised.raw)
        return
    empty = (
        f"{raised.occurrences} occurred, but no webhook matches, so no event was raised: "
        f"subscribe one with `frontsim webhooks create {wanted} URL`"
    )
    show_table(columns, [[_field(event, name) for name in columns] for event in raised.events], empty=empty)


def _field(event: RaisedEvent, name: str) -> str:
    return {"event": event.event, "webhookEventId": event.webhook_event_id, "webhook": event.webhook_id}[name]


@click.command()
@click.argument("type_", metavar="TYPE", shell_complete=event_types)
@click.option("--count", type=click.IntRange(min=1), default=1, show_default=True, help="How many occurrences.")
@click.option("--wait", is_flag=True, help="Wait until everything is delivered, for up to 30 s.")
@payload_options
@control_options
@json_option
def trigger(
    type_: str,
    count: int,
    store: int | None,
    changes: Mapping[str, object],
    whole: Mapping[str, object] | None,
    control: ControlConnection,
    *,
    wait: bool,
    invalid: bool,
    as_json: bool,
) -> None:
    """Raise events of one type, such as SaleCreated.

    The events are in the log when the command returns, and each is delivered once. One occurrence becomes an event
    for every webhook that matches it.
    """
    with control.open() as simulator:
        raised = simulator.trigger(
            type_, count=count, store_id=store, set_=changes or None, payload=whole, invalid=invalid
        )
        if wait and not simulator.drain():
            raise FrontsimError("deliveries are still under way after 30 s: frontsim drain waits longer")
    show_raised(raised, "webhookEventId", "webhook", wanted=type_, as_json=as_json)


DAY = "day"
SPEED = 600.0
_AT_ONCE = 500  # acts in a call: half a second


@click.command()
@click.argument("what", metavar="WHAT", shell_complete=names(lambda: (*ACTS, DAY)))
@click.option("--count", type=click.IntRange(min=1), help="How many times.  [default: 1]")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    callback=finite,
    help="For a day: how many times faster than real time.  [default: 600]",
)
@control_options
@json_option
def simulate(what: str, count: int | None, speed: float | None, control: ControlConnection, *, as_json: bool) -> None:
    """Do a business act and everything that it causes, in order; `day` plays the chain's whole trading day.

    WHAT is one of sale, return, invoice-sale, online-sale, delivery, transfer, virtual-transfer, stock-count,
    adjustment, reservation, reservation-expiry, endless-aisle-order, order-update, order-fulfilment,
    order-refund, settlement, new-customer, customer-update, day.
    """
    if what not in (*ACTS, DAY):
        raise click.UsageError(not_among((*ACTS, DAY), what, expected="an act"))
    if speed is not None and what != DAY:
        raise click.UsageError(f"leave --speed out: only `frontsim simulate {DAY}` takes it")
    if count is not None and what == DAY:
        raise click.UsageError(f"leave --count out: `frontsim simulate {DAY}` plays one day")
    with control.open() as simulator:
        raised = simulator.simulate_day(speed=speed or SPEED) if what == DAY else _acts(simulator, what, count or 1)
    show_raised(raised, "event", "webhookEventId", wanted="TYPE", as_json=as_json)


def _acts(simulator: Simulator, what: str, count: int) -> TriggerAnswer:
    """Do an act `count` times, some in a call, so that a bar can show how far it is."""
    answers: list[TriggerAnswer] = []
    with progress_of(what, count) as tell:
        for done in range(0, count, _AT_ONCE):
            try:
                answers.append(simulator.simulate(what, count=min(_AT_ONCE, count - done)))
            except CallError as error:
                error.args = (f"{done:,} acts are done, then: {error}",) if done else error.args
                raise
            tell(min(done + _AT_ONCE, count))
    if len(answers) == 1:
        return answers[0]
    events = [event for each in answers for event in each.raw["events"]]
    return TriggerAnswer.read({"occurrences": sum(each.occurrences for each in answers), "events": events})


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
    """A fault breaks a delivery, or a call of the API."""
    fault = FAULTS.get(str(name))
    return "call" if fault is not None and fault.stage is FaultStage.API else "delivery"


def _words(values: object) -> str:
    """`event=SaleCreated run=1`, of what is set."""
    if not isinstance(values, dict):
        return ""
    return " ".join(f"{name}={value}" for name, value in values.items() if value is not None)
