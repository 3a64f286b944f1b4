"""The registry of commands, and how every command ends."""

import errno
import gc
import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from docs.generate.commands import walk
from frontsim.cli import main
from frontsim.cli.main import COMMANDS, HEADINGS, CommandEntry, frontsim
from frontsim.errors import BadInput, StoreFailed, Unusable
from frontsim.hosting import simulator_process
from frontsim.hosting.simulator_process import SimulatorProcess
from tests.support.patience import PATIENCE_S

FRONTSIM = [sys.executable, "-m", "frontsim.cli.main"]


def ending(monkeypatch: pytest.MonkeyPatch, end: Callable[[], Any]) -> Result:
    """Run a command that ends so."""
    command = click.Command("types", callback=end)
    monkeypatch.setattr(main, "COMMANDS", {"types": CommandEntry(__name__, "stand_in", "")})
    monkeypatch.setattr(sys.modules[__name__], "stand_in", command, raising=False)
    monkeypatch.setattr(main.importlib, "import_module", lambda _: sys.modules[__name__])
    return CliRunner().invoke(frontsim, ["types"], prog_name="frontsim")


def raising(error: BaseException) -> Callable[[], None]:
    def end() -> None:
        raise error

    return end


@pytest.mark.slow
def test_help_loads_no_command() -> None:
    """Help is quick because it loads nothing that a command needs."""
    code = (
        "import sys\n"
        "from frontsim.cli.main import frontsim\n"
        "try: frontsim(['--help'])\n"
        "except SystemExit as end: assert end.code == 0, end\n"
        "heavy = {'httpx', 'rich', 'jsonschema', 'jsonschema_rs', 'orjson', 'starlette', 'uvicorn', 'sqlite3'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stderr.strip()
    assert [] == [name for name in COMMANDS if f"  {name} " not in done.stdout]


@pytest.mark.slow
def test_serve_loads_no_http_client() -> None:
    """It makes no calls, and httpx, which loads rich and pygments for its own command, takes a quarter of a start."""
    code = "import sys, frontsim.cli.commands.programs; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "False" == done.stdout.strip()


def test_no_garbage_is_looked_for_while_a_command_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    real = importlib.import_module

    def noted(name: str) -> Any:
        seen.append(gc.isenabled())
        return real(name)

    monkeypatch.setattr(main.importlib, "import_module", noted)
    CliRunner().invoke(frontsim, ["types", "--help"], prog_name="frontsim")
    assert [False] == seen
    assert gc.isenabled()


def test_no_garbage_is_looked_for_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of verify leaves so many objects that it took a tenth of a second."""
    last: list[Any] = []
    monkeypatch.setattr(main.atexit, "register", last.append)
    monkeypatch.setattr(main.gc, "set_threshold", lambda *_: None)
    monkeypatch.setattr(frontsim, "main", lambda **_: None)
    main.main()
    assert [gc.freeze] == last


def test_a_command_looks_for_garbage_seldom() -> None:
    """verify keeps so many effects and events that looking through them took 4 % of its processor time."""
    code = (
        "import gc, sys\n"
        "from frontsim.cli import main\n"
        "main.frontsim.main = lambda **_: None\n"
        "main.main()\n"
        "print(*gc.get_threshold())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "100000 20 20" == done.stdout.strip()


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Sequence[SimulatorProcess]:
    """The processes for simulators that begin before their command is imported."""
    found: list[SimulatorProcess] = []

    class Noted(SimulatorProcess):
        def __init__(self) -> None:
            super().__init__()
            found.append(self)

    monkeypatch.setattr(simulator_process, "SimulatorProcess", Noted)
    return found


def test_simulators_get_their_process_while_their_command_is_imported(
    begun: Sequence[SimulatorProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    """verify and that process take as long to start, so both start at once. A wrong usage leaves nothing behind."""
    real, before = importlib.import_module, []

    def noted(name: str) -> Any:
        before.extend(begun)
        return real(name)

    monkeypatch.setattr(main.importlib, "import_module", noted)
    done = CliRunner().invoke(frontsim, ["verify", "--nope"], prog_name="frontsim")
    assert (3, 1, before) == (done.exit_code, len(begun), begun)
    with pytest.raises(ProcessLookupError):
        os.kill(begun[0].pid, 0)


@pytest.mark.parametrize("args", [["types"], []])
def test_what_hosts_no_simulators_starts_no_process(begun: Sequence[SimulatorProcess], args: list[str]) -> None:
    CliRunner().invoke(frontsim, args, prog_name="frontsim")
    assert [] == begun


def test_a_process_that_hosts_nothing_after_all_is_ended(begun: Sequence[SimulatorProcess]) -> None:
    CliRunner().invoke(frontsim, ["verify", "--list"], prog_name="frontsim")
    with pytest.raises(ProcessLookupError):
        os.kill(begun[0].pid, 0)


def test_the_command_says_that_a_process_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong command line hears what is wrong with it, wherever it runs."""

    def fails() -> None:
        raise Unusable("no process")

    monkeypatch.setattr(simulator_process, "SimulatorProcess", fails)
    done = CliRunner().invoke(frontsim, ["verify"], prog_name="frontsim")
    assert "expected --receiver URL" in done.stderr


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("serve", "demo", "verify")])
def test_every_command_is_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each name of the registry is a command, and explains itself within 80 columns."""
    entry = COMMANDS[name]
    command = getattr(importlib.import_module(f"frontsim.cli.commands.{entry.module}"), entry.attribute)
    assert isinstance(command, click.Command)
    monkeypatch.setattr(command, "_help_option", None)  # click keeps the first, which may be of a test without -h
    for flag in ("--help", "-h"):
        done = CliRunner(env={"COLUMNS": "80"}).invoke(frontsim, [name, flag])
        assert 0 == done.exit_code, done.output
        assert [] == [line for line in done.output.splitlines() if len(line) > 80]


@pytest.mark.parametrize("name", ["frontsim", *(name for name, _ in walk(frontsim, "frontsim"))])
def test_no_help_is_cut(name: str) -> None:
    """In 80 columns every line of every command's help fits, and every summary stands there whole."""
    done = CliRunner(env={"COLUMNS": "80"}).invoke(frontsim, [*name.split()[1:], "--help"], prog_name="frontsim")
    _, _, body = done.output.partition("\n\n")  # a usage may end in dots of its own: [ID]...
    assert (0, True) == (done.exit_code, bool(body))
    assert [] == [line for line in body.splitlines() if len(line) > 80 or line.endswith("...")]


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ([], "Usage: frontsim"),
        (["trigerr"], "No such command 'trigerr'. Did you mean 'trigger'?"),
        (["--nope"], "--nope"),
        (["trigger"], "Missing argument 'TYPE'"),
        (["trigger", "SaleCreated", "--count", "0"], "0 is not in the range x>=1"),
        (["webhooks", "nope"], "No such command 'nope'"),
        (["simulate", "nope"], "expected an act, got 'nope'"),
        (["receiver", "--broken", "nope"], "Invalid value for '--broken'"),
    ],
)
def test_wrong_usage_ends_with_3(args: list[str], text: str) -> None:
    """A wrong command line says what is wrong on standard error; 2 is `verify`'s word for unknown."""
    done = CliRunner().invoke(frontsim, args, prog_name="frontsim")
    assert (3, "") == (done.exit_code, done.stdout)
    assert text in done.stderr


def test_an_outside_error_exits_with_3_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something outside refused: one line, code 3."""
    done = ending(monkeypatch, raising(BadInput("expected a,\n got b")))
    assert (3, "Error: expected a, got b\n") == (done.exit_code, done.stderr)


def test_the_log_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that cannot be written is our failure: code 4."""
    done = ending(monkeypatch, raising(StoreFailed("disk full")))
    assert (4, "Error: disk full\n") == (done.exit_code, done.stderr)


def test_our_own_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unforeseen error is one line that says where it happened and where to report it; code 4."""
    done = ending(monkeypatch, raising(KeyError("x")))
    assert 4 == done.exit_code
    assert done.stderr.startswith("Error: frontsim itself failed: KeyError: 'x' (test_main.py:")
    assert (1, True) == (done.stderr.count("\n"), "report it" in done.stderr)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
def test_a_machine_that_has_no_more(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Such as under `ulimit -v`: one line says what to raise, and it is not our failure."""
    done = ending(monkeypatch, raising(error))
    assert (3, 1, True) == (done.exit_code, done.stderr.count("\n"), "ulimit -v" in done.stderr)


def test_the_traceback_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """FRONTSIM_TRACEBACK=1 shows all of it."""
    monkeypatch.setenv("FRONTSIM_TRACEBACK", "1")
    assert "Traceback (most recent call last)" in ending(monkeypatch, raising(KeyError("x"))).stderr


def test_control_c_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is no failure of anybody's: silent, code 130."""
    done = ending(monkeypatch, raising(KeyboardInterrupt()))
    assert (130, "") == (done.exit_code, done.output.strip())


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_code_of_the_commands_own(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """A command that ends with a code of its own keeps it."""
    assert code == ending(monkeypatch, lambda: click.get_current_context().exit(code)).exit_code
    assert code == ending(monkeypatch, raising(SystemExit(code))).exit_code


def test_version() -> None:
    """--version names the program and its version."""
    done = CliRunner().invoke(frontsim, ["--version"])
    assert (0, "frontsim 0.1.0\n") == (done.exit_code, done.output)


def test_completion_in_the_shell() -> None:
    """Commands are completed from the registry, options of a command from the command."""

    def completed(words: str, at: int) -> list[str]:
        done = CliRunner().invoke(
            frontsim,
            [],
            prog_name="frontsim",
            complete_var="_FRONTSIM_COMPLETE",
            env={"_FRONTSIM_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(at)},
        )
        return done.output.splitlines()

    assert ["plain,webhooks"] == completed("frontsim web", 1)
    assert ["plain,--dry-run"] == completed("frontsim reconcile --dry", 2)


@pytest.mark.slow
def test_a_reader_that_left() -> None:
    """`frontsim types --json | head -0` is silent; the code says that the reader left."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*FRONTSIM, "types", "--json"], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (141, b"") == (done.returncode, done.stderr)


@pytest.mark.slow
def test_a_process_that_is_used_wrongly() -> None:
    """The exit code of a real process, as a shell sees it."""
    done = subprocess.run([*FRONTSIM, "nope"], capture_output=True, check=False)
    assert (3, b"") == (done.returncode, done.stdout)


@pytest.mark.slow
def test_a_terminal_that_lacks_characters(tmp_path: Path) -> None:
    """A character that the terminal's encoding cannot show is escaped, not our failure."""
    (tmp_path / "Mine.json").write_text('{"type": "object"}')
    (tmp_path / "events.json").write_text('[{"name": "Mine", "trigger": "Kupił"}]', encoding="utf-8")
    done = subprocess.run(
        [*FRONTSIM, "types", "--contracts", str(tmp_path)],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert (0, True) == (done.returncode, b"Kupi\\u0142" in done.stdout)


@pytest.mark.slow
def test_an_argument_that_is_no_text() -> None:
    """Bytes that are no UTF-8 are refused like any other wrong value."""
    done = subprocess.run([*FRONTSIM, b"schema", b"\xff"], capture_output=True, check=False)
    assert (3, True) == (done.returncode, b"expected an event type" in done.stderr)


@pytest.mark.slow
def test_a_process_that_is_interrupted(tmp_path: Path) -> None:
    """SIGINT while a command waits for the API: no traceback, code 130."""
    fifo = tmp_path / "payload.json"
    os.mkfifo(fifo)
    process = subprocess.Popen(
        [*FRONTSIM, "trigger", "SaleCreated", "--payload", str(fifo)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with fifo.open("wb"):  # opens once the command reads it: from here on it waits
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (130, b"", b"") == (process.returncode, out.strip(), err.strip())


def test_help_groups_every_command_once() -> None:
    """And says how the shell completes them."""
    assert sorted(COMMANDS) == sorted(name for names in HEADINGS.values() for name in names)
    told = CliRunner().invoke(frontsim, ["--help"]).output
    assert list(HEADINGS) == [line[:-1] for line in told.splitlines() if line[:-1] in HEADINGS]
    assert "_FRONTSIM_COMPLETE=bash_source" in told


def test_help_groups_the_options_of_verify() -> None:
    """The options of a first run come first."""
    told = CliRunner().invoke(frontsim, ["verify", "--help"]).output.splitlines()
    headings = [line for line in told if line.endswith(":") and not line.startswith(" ")]
    assert ["Your receiver:", "What it booked:", "What is played:", "How long:", "Reports:"] == headings[:5]
    assert "Options:" == headings[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["types", "--json"],
        ["payload", "SaleCreated", "--count", "1000"],
        ["payload", "SaleCreated", "--out", "/dev/full"],
        ["receiver", "--port", "0", "--db", "receiver.db"],
        ["serve", "--port", "0", "--ephemeral"],
    ],
)
def test_a_full_disk_is_one_line_and_the_users_to_mend(tmp_path: Path, words: list[str]) -> None:
    """Also where the pages of help or a server's first line find no room; and none on standard error is no crash."""
    command = [*FRONTSIM, *words]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path)
        assert (3, 1) == (done.returncode, done.stderr.strip().count("\n") + 1), done.stderr
        assert "Error: make room or give permission: No space left on device" in done.stderr
        assert 3 == subprocess.run(command, stdout=full, stderr=full, check=False, cwd=tmp_path).returncode


def test_a_place_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another error of the system is a failure of ours."""
    done = ending(monkeypatch, raising(PermissionError(errno.EACCES, "Permission denied", "/srv/out.json")))
    assert (3, "Error: make room or give permission: Permission denied (/srv/out.json)\n") == (
        done.exit_code,
        done.stderr,
    )
    done = ending(monkeypatch, raising(OSError(errno.EBADF, "Bad file descriptor")))
    assert (4, True) == (done.exit_code, "Please report it" in done.stderr)
