"""`frontsim`: one literal registry of commands, each loaded when it is used, and the exit code of each.

    0    done
    1, 2 what the command itself says: `verify` 1 violated and 2 unknown, `resend` and `reconcile` 1 still failing
    3    wrong usage, or something outside refused: one line says expected and got
    4    our own failure: one line, and where to report it
    130  Ctrl-C
    141  the reader of our output closed it, as `head` does

`frontsim --help` loads no command: the registry has the line that it shows for each.
"""

import atexit
import difflib
import gc
import importlib
import io
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from frontsim.cli.configured import defaults, options_of
from frontsim.cli.examples import with_examples
from frontsim.errors import FrontsimError, StoreFailed, Unusable
from frontsim.presentation.masking import masked
from frontsim.user_input.configuration import read_configuration

REFUSED, OUR_FAILURE, INTERRUPTED, READER_LEFT = 3, 4, 130, 141
TRACEBACK_VARIABLE = "FRONTSIM_TRACEBACK"
_COLLECTED_AFTER = (100_000, 20, 20)
"""Objects, and younger collections, after which Python looks for garbage in cycles. With Python's own numbers it looked
260 times in a run of verify, which keeps many effects and events: 4 % of the process's time."""


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """Where a command stands below `frontsim.cli`, and its line in `frontsim --help`.

    `hosts_simulators`: it gets a `SimulatorProcess` as `ctx.obj`, which starts while the command is imported.
    """

    module: str
    attribute: str
    help: str
    hosts_simulators: bool = False


COMMANDS: Mapping[str, CommandEntry] = {
    "serve": CommandEntry("processes.serve", "serve", "Run a simulator: the vendor's webhook API, and deliveries."),
    "demo": CommandEntry("processes.demo", "demo", "Play an outage, list and resend from end to end, in seconds."),
    "init": CommandEntry("verification.init", "init", "Write frontsim.toml and a CI job; try each answer at once."),
    "types": CommandEntry(
        "contract_data.catalogue", "types", "List the event types: when each is raised, and what for."
    ),
    "schema": CommandEntry("contract_data.catalogue", "schema", "Print the JSON Schema of a type's payload."),
    "payload": CommandEntry("contract_data.payload", "payload", "Print payloads as JSON lines; needs no simulator."),
    "webhooks": CommandEntry("vendor_api.webhooks", "webhooks", "List, create, update and delete webhooks."),
    "trigger": CommandEntry("control_api.trigger", "trigger", "Raise events of one type."),
    "simulate": CommandEntry("control_api.simulate", "simulate", "Do a business act and everything that it causes."),
    "events": CommandEntry("vendor_api.events", "events", "List a webhook's events and how each was delivered."),
    "tail": CommandEntry("control_api.tail", "tail", "Follow the deliveries, a line for each."),
    "drain": CommandEntry("control_api.control", "drain", "Wait until nothing is due or in flight."),
    "clock": CommandEntry("control_api.control", "clock", "Show the simulator's time, or move it."),
    "stats": CommandEntry("control_api.control", "stats", "Show how much the log holds."),
    "reset": CommandEntry("control_api.control", "reset", "Forget webhooks, events, faults and sinks."),
    "resend": CommandEntry("vendor_api.resend", "resend", "Resend one event, once."),
    "reconcile": CommandEntry(
        "vendor_api.reconcile", "reconcile", "List what failed and resend it until nothing is left."
    ),
    "fault": CommandEntry("control_api.fault", "fault", "Break deliveries, the log or the API on purpose."),
    "contracts": CommandEntry(
        "contract_data.contract_commands", "contracts", "Pull the real API's event types and schemas, and compare them."
    ),
    "verify": CommandEntry(
        "verification.verify",
        "verify",
        "Prove that a receiver loses nothing and doubles nothing.",
        hosts_simulators=True,
    ),
    "verify-recovery": CommandEntry(
        "verification.verify_recovery", "verify_recovery", "Prove that your list -> resend job misses nothing."
    ),
    "job": CommandEntry("processes.job", "job", "Run a list -> resend job to learn from, right or broken."),
    "load": CommandEntry("processes.load", "load", "Start Locust with a bundled load test."),
    "receiver": CommandEntry("processes.receiver", "receiver", "Run the reference receiver, or a broken one."),
}
"""Every command, in the order of the help."""
_PLAYS_NOTHING = ("-h", "--help", "--list", "--base-url")
"""Options of a command that hosts simulators with which it hosts none."""


def _loaded(name: str) -> click.Command:
    entry = COMMANDS[name]
    with _no_collections():
        command = getattr(importlib.import_module(f"frontsim.cli.{entry.module}"), entry.attribute)
    assert isinstance(command, click.Command)
    return with_examples(command, name)


@contextmanager
def _no_collections() -> Iterator[None]:
    """Look for no garbage while modules are imported: they leave none, and it takes a sixth of a start."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _known_options() -> set[str]:
    """The options of all commands; this loads them."""
    commands = [_loaded(name) for name in COMMANDS]
    nested = [each for command in commands if isinstance(command, click.Group) for each in command.commands.values()]
    return {name for command in (*commands, *nested) for name in options_of(command)}


def _hosts_simulators(args: list[str]) -> bool:
    """Whether this command line is one that hosts simulators, by the names of its options alone."""
    entry = COMMANDS.get(args[0]) if args else None
    return entry is not None and entry.hosts_simulators and not any(each.startswith(_PLAYS_NOTHING) for each in args)


class _ReaderLeft(Exception):
    """The reader of standard output closed it."""


class Frontsim(click.Group):
    """The group of all commands; its `main` decides every exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of the registry."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if ctx.resilient_parsing and cmd_name not in COMMANDS:
            return None
        if cmd_name not in COMMANDS:
            near = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            ctx.fail(f"No such command {cmd_name!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        command = _loaded(cmd_name)
        if not ctx.resilient_parsing:
            given = defaults(read_configuration(Path.cwd()), command, cmd_name, known=_known_options)
            ctx.default_map = {cmd_name: given}
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Load the command. The process for its simulators, if it hosts any, starts meanwhile, and ends with `ctx`."""
        if not ctx.resilient_parsing and _hosts_simulators(args):
            from frontsim.simulator_process import SimulatorProcess  # noqa: PLC0415 - one command in twenty needs it

            with suppress(Unusable):  # the command tries again, and says so
                ctx.obj = ctx.with_resource(SimulatorProcess())
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list in `--help`, without loading a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The names that begin so, without loading a command."""
        found = [(name, entry) for name, entry in COMMANDS.items() if name.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=entry.help) for name, entry in found), *options]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a closed standard output is a separate kind of error."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ReaderLeft from None

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run a command line and end the process with its exit code."""
        extra["standalone_mode"] = False
        try:
            code = self._run(*args, **extra)
            sys.stdout.flush()
        except (_ReaderLeft, BrokenPipeError):
            _forget_stdout()
            code = READER_LEFT
        sys.exit(code)

    def _run(self, *args: Any, **extra: Any) -> int:
        try:
            result = super().main(*args, **extra)
        except click.Abort:
            return INTERRUPTED
        except click.ClickException as error:
            error.show()
            return REFUSED
        except FrontsimError as error:
            _say(f"Error: {masked(str(error))}")
            return OUR_FAILURE if isinstance(error, StoreFailed) else REFUSED
        except _ReaderLeft:
            raise
        except Exception as error:  # noqa: BLE001 - the last line of defence: whatever it is, it is ours
            _say(_our_failure(error))
            return OUR_FAILURE
        return result if type(result) is int else 0


def _our_failure(error: Exception) -> str:
    """One line that says what broke and where; the whole traceback if the variable asks for it."""
    if os.environ.get(TRACEBACK_VARIABLE):
        traceback.print_exception(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"Error: frontsim itself failed: {type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno}). "
        f"Please report it on the project's issue tracker, with what {TRACEBACK_VARIABLE}=1 shows."
    )


def _say(text: str) -> None:
    """One line on standard error, whatever the text holds."""
    click.echo(" ".join(text.split()), err=True)


def _forget_stdout() -> None:
    """Point standard output at nothing, so that Python's last flush does not fail."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)


@click.group(
    cls=Frontsim,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="FRONTSIM_... variables stand in for options, and so does frontsim.toml: `frontsim init` writes one.",
)
@click.version_option(package_name="frontsim", message="frontsim %(version)s")
def frontsim() -> None:
    """A stand-in for the Front Systems webhook API that proves what a receiver does under failure."""


with_examples(frontsim)


def main() -> NoReturn:
    """The console script `frontsim`. Characters that the terminal's encoding lacks are shown as escapes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    gc.set_threshold(*_COLLECTED_AFTER)
    atexit.register(gc.freeze)  # or Python's end looks for garbage, again and again, in all that ends with the process
    frontsim.main(prog_name="frontsim")


if __name__ == "__main__":
    main()
