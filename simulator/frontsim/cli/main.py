"""The registry of commands, defaults from the configuration, examples, exit codes.

A line that ends in a backslash goes on in the next one. A test reads each example with the real command.

0    done
    1, 2 what the command itself says: `verify` 1 violated and 2 unknown, `resend` and `reconcile` 1 still failing
    3    wrong usage, or something outside refused: one line says expected and got
    4    our own failure: one line, and where to report it
    129  the terminal was closed (SIGHUP)
    130  Ctrl-C
    141  the reader of our output closed it, as `head` does
    143  SIGTERM

`frontsim --help` loads no command: the registry has the line that it shows for each.
"""

import atexit
import difflib
import errno
import gc
import importlib
import inspect
import io
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from frontsim.errors import BadInput, FrontsimError, StoreFailed, Unusable, plain
from frontsim.masking import masked
from frontsim.user_input.configuration import FILE_VARIABLE, Configuration, in_folder_of, read_configuration
from frontsim.wording import near

Known = Callable[[], set[str]]
"""Gives the names of the options of all commands; it loads them, so it is called only where it must be."""

_CONFIG = "config"
_SCENARIOS = "scenarios"
"""The one key that is no option: verify and pytest read it, whatever command is run."""


def defaults(configuration: Configuration, command: click.Command, *words: str, known: Known) -> dict[str, Any]:
    """A command's defaults by the names of its parameters.

    Raises:
        BadInput: the file has a table that is no command, a key that is no option, or a value of another kind.
    """
    if configuration.file is None:
        return {}
    _refuse_unknown_tables(configuration)
    given = configuration.for_command(*words)
    options = options_of(command)
    _refuse_unknown(configuration, [name for name in given if name not in options], words, known)
    return {
        option.name: _value(configuration, option, given[name], configuration.place_of(name, *words))
        for name, option in options.items()
        if name in given and option.name
    }


def options_of(command: click.Command) -> dict[str, click.Option]:
    """A command's options by their long name, without the dashes."""
    found: dict[str, click.Option] = {}
    for option in command.params:
        if isinstance(option, click.Option) and option.name != _CONFIG:
            found |= {name.removeprefix("--"): option for name in option.opts if name.startswith("--")}
    return found


def _refuse_unknown(configuration: Configuration, names: Iterable[str], words: tuple[str, ...], known: Known) -> None:
    """A key at the top may belong to another command; a key of the command's own table may not."""
    table: Mapping[str, Any] = configuration.values
    for word in words:
        table = table.get(word, {})
    for name in names:
        if name == _SCENARIOS:
            continue
        everywhere = known()
        if name in table or name not in everywhere:
            hint = near(name, everywhere)
            raise BadInput(f"{configuration.file}: expected the name of an option, got {name!r}{hint}")


def _refuse_unknown_tables(configuration: Configuration) -> None:
    """A table is for a command, and one in it for a command of a group."""
    for name, table in configuration.values.items():
        if not isinstance(table, Mapping):
            continue
        inner = [key for key, value in table.items() if isinstance(value, Mapping)]
        group = _loaded(name) if inner and name in COMMANDS else None
        within = group.commands if isinstance(group, click.Group) else {}
        wrong = [key for key in inner if key not in within]
        if name not in COMMANDS or wrong:
            got, hint = (
                (f"{name}.{wrong[0]}", near(wrong[0], within)) if name in COMMANDS else (name, near(name, COMMANDS))
            )
            raise BadInput(f"{configuration.file}: expected the name of a command as a table, got [{got}]{hint}")


def _value(configuration: Configuration, option: click.Option, value: Any, place: str) -> Any:
    if option.is_flag and not isinstance(value, bool):
        raise BadInput(f"{place}: expected true or false, got {value!r}")
    if isinstance(option.type, click.types.IntParamType) and type(value) is not int:
        raise BadInput(f"{place}: expected a whole number, got {value!r}")
    if isinstance(value, list) and not option.multiple and option.nargs == 1:
        return ",".join(map(str, value))
    if isinstance(option.type, click.Path) and isinstance(value, str) and value != "-":
        return in_folder_of(configuration, value)
    return value


_WEBHOOK, _EVENT = "0198c1d2-5a7e-7c1e-801a-5043b4e98e4e", "0198c1d3-7b10-7a55-9d2c-0c1fb7a3c2d1"
_RECEIVER = "http://127.0.0.1:8500/hook"
_EFFECTS = "http://127.0.0.1:8500/effects"
_VERIFY = f"frontsim verify --receiver {_RECEIVER} \\\n    --observe-url {_EFFECTS}"
_EXPLORE = f"frontsim explore --receiver {_RECEIVER} \\\n    --observe-url {_EFFECTS}"
_VERIFY_SALES = f"frontsim verify --receiver {_RECEIVER} --events SaleCreated"
_BROKEN_JOB = "frontsim verify-recovery --job 'frontsim job --broken only-today'"

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "": ("frontsim demo", "frontsim serve", _VERIFY),
    "serve": (
        "frontsim serve",
        "frontsim serve --port 0 --ephemeral --quiet",
        'frontsim serve --host 0.0.0.0 --token "$TOKEN"',
    ),
    "demo": ("frontsim demo", "frontsim demo --count 1 --json"),
    "init": ("frontsim init", f"frontsim init --receiver {_RECEIVER} \\\n    --observe-url {_EFFECTS} --ci github"),
    "types": ("frontsim types", "frontsim types --json"),
    "schema": ("frontsim schema SaleCreated > SaleCreated.json",),
    "payload": (
        "frontsim payload SaleCreated --count 3 --seed 7",
        "frontsim payload SaleCreated --set total=100 > sale.json",
        "frontsim payload SaleCreated --count 100000 --out sales.jsonl",
    ),
    "webhooks": ("frontsim webhooks list", f"frontsim webhooks create SaleCreated {_RECEIVER}"),
    "webhooks list": ("frontsim webhooks list", "frontsim webhooks list --json"),
    "webhooks create": (
        f"frontsim webhooks create SaleCreated {_RECEIVER}",
        f"frontsim webhooks create --all-types {_RECEIVER}",
    ),
    "webhooks update": (f"frontsim webhooks update {_WEBHOOK} \\\n    --url {_RECEIVER}",),
    "webhooks delete": (f"frontsim webhooks delete {_WEBHOOK}",),
    "trigger": (
        "frontsim trigger SaleCreated --set total=100 --wait",
        "frontsim payload SaleCreated > sale.json\nfrontsim trigger SaleCreated --payload sale.json --count 5",
    ),
    "simulate": ("frontsim simulate sale --count 10", "frontsim simulate day --speed 3600"),
    "events": ("frontsim events --failed", f"frontsim events {_WEBHOOK} --runs"),
    "tail": ("frontsim tail", "frontsim tail --json | grep SaleCreated"),
    "drain": ("frontsim trigger SaleCreated --count 100 && frontsim drain",),
    "clock": ("frontsim clock", "frontsim clock --advance 86400", "frontsim clock --set '2026-12-24 17:00:00'"),
    "stats": ("frontsim stats", "frontsim stats --json"),
    "reset": ("frontsim reset",),
    "resend": (f"frontsim resend {_WEBHOOK} \\\n    {_EVENT}",),
    "reconcile": (
        "frontsim reconcile --dry-run",
        "frontsim reconcile --state reconcile.json --watch 300 --max-attempts 20",
    ),
    "fault": (
        "frontsim fault add lost-response --times 1",
        "frontsim fault list",
        "frontsim fault clear",
    ),
    "relay": (f"frontsim relay --to {_RECEIVER}", f"frontsim relay --to {_RECEIVER} --failed --since 2026-11-24"),
    "record": (
        "frontsim record --out tuesday.jsonl",
        "frontsim record --from log --webhook " + _WEBHOOK + " \\\n    --out log.jsonl",
        f"frontsim record --from proxy --listen 127.0.0.1:8600 \\\n    --to {_RECEIVER} --out today.jsonl",
    ),
    "replay": (
        f"frontsim replay tuesday.jsonl --to {_RECEIVER} --speed 60",
        f"frontsim replay tuesday.jsonl --to {_RECEIVER} \\\n    --same-ids --fault duplicate",
    ),
    "fault add": (
        "frontsim fault add lost-response --times 1",
        "frontsim fault add answer --param status=503 --event SaleCreated",
        "frontsim fault add duplicate --probability 0.1",
    ),
    "fault list": ("frontsim fault list",),
    "fault clear": ("frontsim fault clear", "frontsim fault clear 1 2"),
    "contracts": ("frontsim contracts pull --out real", "frontsim contracts diff bundled real"),
    "contracts pull": (
        'frontsim contracts pull --out real \\\n    --base-url https://api.example.com/restapi/V2 --api-key "$API_KEY"',
    ),
    "contracts diff": ("frontsim contracts diff bundled real",),
    "verify": (
        _VERIFY,
        f"{_VERIFY_SALES} \\\n    --observe-sql sqlite:///shop.db 'SELECT event_id FROM processed'",  # noqa: S608 - a command line
        "frontsim verify --list",
    ),
    "explore": (
        _EXPLORE,
        f"{_EXPLORE} \\\n    --budget 10m --corpus corpus",
    ),
    "verify-recovery": (
        "frontsim verify-recovery --job 'python reconcile.py'",
        f"{_BROKEN_JOB} \\\n    --case every-webhook",
        "frontsim verify-recovery --list",
    ),
    "job": ("frontsim job --list", _BROKEN_JOB),
    "load": (
        "frontsim load steady --headless -u 20 -t 30s \\\n"
        f"    --receiver {_RECEIVER} \\\n    --observe-url '{_EFFECTS}?payload=false'",
        "frontsim load steady -- --help",
    ),
    "receiver": (
        "frontsim receiver",
        "frontsim receiver --broken no-dedupe --port 8501 --db broken.db",
        "frontsim receiver --list",
    ),
    "mcp": ("frontsim mcp --report verdict.json",),
}
"""By the words behind `frontsim`."""

_TITLE = "\n\n\b\nExamples:\n"


def with_examples(command: click.Command, *words: str) -> click.Command:
    """Adds its examples to a command's help, and for a group to the help of each of its commands."""
    text = prose_of(command)
    lines = [line for example in EXAMPLES.get(" ".join(words), ()) for line in example.splitlines()]
    command.help = text + _TITLE + "\n".join(f"  {line}" for line in lines) if lines else text
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            with_examples(each, *words, name)
    return command


def prose_of(command: click.Command) -> str:
    """A command's help without its examples."""
    return inspect.cleandoc(command.help or "").partition(_TITLE)[0]


REFUSED, OUR_FAILURE, INTERRUPTED, READER_LEFT = 3, 4, 130, 141
_NOT_WRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
"""The machine's reasons against a write: they are the user's to mend, wherever they strike."""
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
    "serve": CommandEntry("programs", "serve", "Run a simulator: the vendor's webhook API, and deliveries."),
    "demo": CommandEntry("demo", "demo", "Play an outage, list and resend from end to end, in seconds."),
    "init": CommandEntry("init", "init", "Write frontsim.toml and a CI job; try each answer at once."),
    "types": CommandEntry("contracts", "types", "List the event types: when each is raised, and what for."),
    "schema": CommandEntry("contracts", "schema", "Print the JSON Schema of a type's payload."),
    "payload": CommandEntry("contracts", "payload", "Print payloads as JSON lines; needs no simulator."),
    "webhooks": CommandEntry("webhooks", "webhooks", "List, create, update and delete webhooks."),
    "trigger": CommandEntry("simulator", "trigger", "Raise events of one type."),
    "simulate": CommandEntry("simulator", "simulate", "Do a business act and everything that it causes."),
    "events": CommandEntry("webhooks", "events", "List a webhook's events and how each was delivered."),
    "tail": CommandEntry("simulator", "tail", "Follow the deliveries, a line for each."),
    "drain": CommandEntry("simulator", "drain", "Wait until nothing is due or in flight."),
    "clock": CommandEntry("simulator", "clock", "Show the simulator's time, or move it."),
    "stats": CommandEntry("simulator", "stats", "Show how much the log holds."),
    "reset": CommandEntry("simulator", "reset", "Forget webhooks, events, faults and sinks."),
    "resend": CommandEntry("webhooks", "resend", "Resend one event, once."),
    "reconcile": CommandEntry("reconcile", "reconcile", "List what failed and resend it until nothing is left."),
    "relay": CommandEntry("relay", "relay", "Bring real events to a receiver at your desk."),
    "record": CommandEntry("records", "record", "Write real events into a file."),
    "replay": CommandEntry("records", "replay", "Send a recorded day to a receiver again."),
    "fault": CommandEntry("simulator", "fault", "Break deliveries, the log or the API on purpose."),
    "contracts": CommandEntry(
        "contracts", "contracts", "Pull the real API's event types and schemas, and compare them."
    ),
    "verify": CommandEntry(
        "verify",
        "verify",
        "Prove that a receiver loses nothing and doubles nothing.",
        hosts_simulators=True,
    ),
    "explore": CommandEntry(
        "explore",
        "explore",
        "Search for an outage that a receiver does not survive, and shrink it.",
        hosts_simulators=True,
    ),
    "verify-recovery": CommandEntry(
        "verify_recovery", "verify_recovery", "Prove that your list -> resend job misses nothing."
    ),
    "job": CommandEntry("programs", "job", "Run a list -> resend job to learn from, right or broken."),
    "load": CommandEntry("programs", "load", "Start Locust with a bundled load test."),
    "receiver": CommandEntry("programs", "receiver", "Run the reference receiver, or a broken one."),
    "mcp": CommandEntry("mcp", "mcp", "Show a coding agent what runs found (extra: mcp)."),
}
"""Every command, in the order of the help."""


def _loaded(name: str) -> click.Command:
    entry = COMMANDS[name]
    with _no_collections():
        command = getattr(importlib.import_module(f"frontsim.cli.commands.{entry.module}"), entry.attribute)
    assert isinstance(command, click.Command)
    _add_config(command)
    return with_examples(command, name)


def _add_config(command: click.Command) -> None:
    """Add `--config` to a command, hidden, because it works behind each: `frontsim --help` shows it once."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _add_config(each)
    elif command.name != "load" and all(option.name != _CONFIG for option in command.params):
        command.params.append(_config_option(hidden=True))  # Locust has a --config, too


def _config_option(*, hidden: bool = False) -> click.Option:
    return click.Option(
        [f"--{_CONFIG}"],
        type=click.Path(path_type=Path),
        metavar="FILE",
        envvar=FILE_VARIABLE,
        show_envvar=True,
        is_eager=True,
        expose_value=False,
        callback=_configure,
        hidden=hidden,
        help="The configuration file, in place of the nearest frontsim.toml.",
    )


def _configure(ctx: click.Context, _: click.Parameter, file: Path | None) -> None:
    """Read the configuration file, before the other options, and say what it is used for."""
    if ctx.resilient_parsing:
        return
    if file is not None:
        os.environ[FILE_VARIABLE] = str(file.absolute())  # also for the processes that a command starts
    if ctx.parent is None:
        return
    words: list[str] = []
    inner: click.Context = ctx
    while inner.parent is not None:
        words.insert(0, inner.info_name or "")
        inner = inner.parent
    configuration = read_configuration(Path.cwd())
    ctx.default_map = defaults(configuration, ctx.command, *words, known=_known_options)
    ctx.meta[_CONFIG] = _Configured(configuration, ctx, words)
    if ctx.default_map:
        _say(f"Configuration: {configuration.file}")
        if configuration.warning:
            _say(f"Warning: {configuration.warning}")


@dataclass(frozen=True, slots=True)
class _Configured:
    """A command's context with the file that some of its options come from."""

    configuration: Configuration
    ctx: click.Context
    words: Sequence[str]

    def named(self, error: click.BadParameter | FrontsimError) -> FrontsimError | None:
        """The error with the file and the key whose value it is about; None where that came from elsewhere.

        Errors that click does not raise name their option, as `--timezone: ...`, or show the value.
        """
        text = error.message if isinstance(error, click.BadParameter) else str(error)
        for name, option in options_of(self.ctx.command).items():
            if self.ctx.get_parameter_source(option.name or "") is not ParameterSource.DEFAULT_MAP:
                continue
            value = (self.ctx.default_map or {}).get(option.name)
            shown = [f"got {value}", *(f"got {part!r}" for part in (str(value), *str(value).split(",")))]
            is_told = f"--{name}:" in text or any(each in text for each in shown)
            if error.param is option if isinstance(error, click.BadParameter) else is_told:
                return BadInput(f"{self.configuration.place_of(name, *self.words)}: {text.removeprefix(f'--{name}: ')}")
        return None


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


HEADINGS: Mapping[str, Sequence[str]] = {
    "Start here": ("demo", "serve", "init"),
    "Verify": ("verify", "verify-recovery", "explore", "load"),
    "A running simulator": (
        *("webhooks", "trigger", "simulate", "events", "tail", "fault"),
        *("drain", "clock", "stats", "reset"),
    ),
    "Event types": ("types", "schema", "payload"),
    "Your job, and the real API": ("resend", "reconcile", "relay", "record", "replay", "contracts"),
    "To learn from": ("receiver", "job", "mcp"),
}
"""How `--help` groups the commands."""


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
        return _loaded(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Load the command. The process for its simulators, if it hosts any, starts meanwhile, and ends with `ctx`."""
        entry = COMMANDS.get(args[0]) if args else None
        if entry and entry.hosts_simulators and not ctx.resilient_parsing:
            from frontsim.hosting.simulator_process import SimulatorProcess  # noqa: PLC0415 - one command in twenty needs it

            with suppress(Unusable):  # the command tries again, and says so
                ctx.obj = ctx.with_resource(SimulatorProcess())
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list in `--help`, without loading a command."""
        width = max(map(len, COMMANDS))
        for heading, names in HEADINGS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), COMMANDS[name].help) for name in names])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The names that begin so, without loading a command."""
        found = [(name, entry) for name, entry in COMMANDS.items() if name.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=entry.help) for name, entry in found), *options]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a closed standard output is a separate kind of error, and a bad value has its file."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ReaderLeft from None
        except StoreFailed:
            raise
        except (click.BadParameter, FrontsimError) as error:
            configured: _Configured | None = ctx.meta.get(_CONFIG)
            raise (configured and configured.named(error)) or error from None

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run a command line and end the process with its exit code."""
        extra["standalone_mode"] = False
        try:
            code = self._run(*args, **extra)
            sys.stdout.flush()
        except (_ReaderLeft, BrokenPipeError):
            _forget_stdout()
            code = READER_LEFT
        except OSError as error:
            _forget_stdout()
            code = REFUSED
            where = error.filename or "standard output, a file that you named, or one in TMPDIR"
            _say(f"Error: make room or give permission: {error.strerror} ({where})")
        sys.exit(code)

    def _run(self, *args: Any, **extra: Any) -> int:
        try:
            result = super().main(*args, **extra)
        except click.Abort:
            return INTERRUPTED
        except click.ClickException as error:
            text = io.StringIO()
            error.show(text)
            with suppress(OSError):
                click.echo(plain(text.getvalue()), err=True, nl=False)
            return REFUSED
        except FrontsimError as error:
            _say(f"Error: {masked(str(error))}")
            return OUR_FAILURE if isinstance(error, StoreFailed) else REFUSED
        except _ReaderLeft:
            raise
        except OSError as error:
            if error.errno in _NOT_WRITABLE:
                raise
            _say(_our_failure(error))
            return OUR_FAILURE
        except Exception as error:  # noqa: BLE001 - the last line of defence: whatever it is, it is ours
            if isinstance(error, MemoryError) or "start new thread" in str(error):  # what Python says of a thread
                _say("Error: give it more memory or threads: this machine, or a limit (ulimit -v, -u), has no more")
                return REFUSED
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
    with suppress(OSError):  # standard error may be full, and the exit code tells as much
        click.echo(plain(" ".join(text.split())), err=True)


def _forget_stdout() -> None:
    """Point standard output at nothing, so that Python's last flush does not fail."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)


def _end(number: int, _: FrameType | None) -> NoReturn:
    """Let each open block end what it has started, as at Ctrl-C."""
    raise SystemExit(128 + number)


@click.group(
    cls=Frontsim,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="FRONTSIM_... variables stand in for options, and so does frontsim.toml: `frontsim init` writes one."
    '\n\n\b\nCompletion in bash (in zsh: zsh_source):\n  eval "$(_FRONTSIM_COMPLETE=bash_source frontsim)"',
)
@click.version_option(package_name="frontsim", message="frontsim %(version)s")
def frontsim() -> None:
    """A stand-in for the Front Systems webhook API that proves what a receiver does under failure."""


frontsim.params.insert(0, _config_option())
with_examples(frontsim)


def main() -> NoReturn:
    """The console script `frontsim`. Characters that the terminal's encoding lacks are shown as escapes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    gc.set_threshold(*_COLLECTED_AFTER)
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is signal.SIG_DFL:  # else the parent ignores it, as nohup does
            signal.signal(each, _end)
    atexit.register(gc.freeze)  # or Python's end looks for garbage, again and again, in all that ends with the process
    frontsim.main(prog_name="frontsim")


if __name__ == "__main__":
    main()
