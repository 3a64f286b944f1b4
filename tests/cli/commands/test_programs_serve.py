"""`frontsim serve`: its options, its first line, and every reason why it cannot start."""

import hashlib
import signal
import socket
import sqlite3
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from frontsim.cli.commands import programs as serve_command
from frontsim.cli.main import frontsim
from frontsim.hosting.serving import serve as really_serve
from frontsim.settings import Settings
from tests.support.child import Child, command, environment, refused
from tests.support.disk import read_only, small_disk
from tests.support.forked import popen
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow

OTHERS: dict[str, tuple[str, Any]] = {
    "host": ("::1", "::1"),
    "allow_host": ("shop.internal", ("shop.internal",)),
    "port": ("0", 0),
    "db": ("a.db", Path("a.db")),
    "ephemeral": ("true", True),
    "auth": ("strict", "strict"),
    "api_key": ("k", "k"),
    "subscription_key": ("s", "s"),
    "token": ("t", "t"),
    "sink_token": ("u", "u"),
    "seed": ("7", 7),
    "payloads": ("strict", "strict"),
    "country": ("SE", "SE"),
    "delivery_shape": ("typed", "typed"),
    "contracts": ("mine", Path("mine")),
    "timezone": ("UTC", "UTC"),
    "datetime_form": ("openapi", "openapi"),
    "concurrency": ("3", 3),
    "connect_timeout": ("1.5", 1.5),
    "timeout": ("2.5", 2.5),
    "tls_verify": ("false", False),
    "tls_ca": ("ca.pem", Path("ca.pem")),
    "event_id_header": ("EventID", "EventID"),
    "webhook_id_header": ("Hook", "Hook"),
    "event_header": ("Kind", "Kind"),
    "max_waiting": ("9", 9),
}
"""For each setting a value that is not its default: as text, and as it is read."""


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings with which a simulator would have been started."""
    for item in fields(Settings):
        monkeypatch.delenv(f"FRONTSIM_{item.name.upper()}", raising=False)
    seen: list[Settings] = []
    monkeypatch.setattr(serve_command, "serve_until_stopped", lambda settings, *_: seen.append(settings))
    return seen


def start(*args: str, **variables: str) -> Any:
    return CliRunner(env=variables).invoke(frontsim, ["serve", *args], prog_name="frontsim")


def option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def test_the_defaults(chosen: list[Settings]):
    """Without options and variables a simulator has the default settings."""
    assert 0 == start().exit_code
    assert [Settings()] == chosen


def test_every_setting_has_a_value_to_try():
    """A new setting is tried below, too."""
    assert {item.name for item in fields(Settings)} == OTHERS.keys()
    assert all(value != getattr(Settings(), name) for name, (_, value) in OTHERS.items())


@pytest.mark.parametrize("name", OTHERS)
def test_every_setting_is_an_option_and_a_variable(chosen: list[Settings], name: str):
    """`--connect-timeout` is FRONTSIM_CONNECT_TIMEOUT, and so on for all."""
    text, value = OTHERS[name]
    flag = {"ephemeral": ["--ephemeral"], "tls_verify": ["--no-tls-verify"]}.get(name, [option(name), text])
    assert 0 == start(*flag).exit_code
    assert 0 == start(**{f"FRONTSIM_{name.upper()}": text}).exit_code
    assert [value, value] == [getattr(settings, name) for settings in chosen]


def test_a_flag_wins_over_the_environment(chosen: list[Settings]):
    """Flag over environment over default."""
    start("--port", "1234", "--tls-verify", FRONTSIM_PORT="4321", FRONTSIM_SEED="5", FRONTSIM_TLS_VERIFY="0")
    (settings,) = chosen
    assert (1234, 5, 30.0, True) == (settings.port, settings.seed, settings.timeout, settings.tls_verify)


def test_help_names_every_setting():
    """Each option with its variable, and what it is for."""
    told = " ".join(start("--help").output.split())
    for item in fields(Settings):
        assert option(item.name) in told
        assert f"FRONTSIM_{item.name.upper()}" in told
        assert item.metadata["rule"].help.split(".")[0][:30] in told


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--port", "70000"], "port: expected 0 to 65535, got 70000"),
        (["--port", "x"], "'x' is not a valid integer"),
        (["--auth", "none"], "'off', 'lenient', 'strict'"),
        (["--timeout", "0"], "timeout: expected 0.001 to 3600, got 0"),
        (["--timeout", "nan"], "timeout: expected 0.001 to 3600, got nan"),
        (["--timezone", "Mars/Base"], "timezone: expected a zone such as Europe/Oslo, got 'Mars/Base'"),
        (["--timezone", "../../etc/passwd"], "timezone: expected a zone"),
        (["--event-header", "a b"], "--event-header: expected an HTTP header name"),
        (["--event-header", "x\r\ny"], "--event-header: expected an HTTP header name"),
        (["--concurrency", "0"], "concurrency: expected 1 to 10000, got 0"),
        (["--max-waiting", "0"], "--max-waiting: expected 1 or more, got 0"),
        (["--nope"], "No such option"),
        (["extra"], "unexpected extra argument"),
    ],
)
def test_settings_that_cannot_be(chosen: list[Settings], args: list[str], told: str):
    """Exit code 3 and what is taken; nothing is started."""
    done = start(*args)
    assert (3, []) == (done.exit_code, chosen)
    assert told in done.output


def test_the_ready_line(tmp_path: Path):
    """One line, once it answers: where, with which log, which process."""
    with Child(tmp_path / "log.db") as child:
        assert 200 == httpx.get(f"{child.sim.control_url}/health", trust_env=False, timeout=PATIENCE_S).status_code
        assert child.pid == child.sim.does("health", method="GET")["pid"]
        assert str(tmp_path / "log.db") == child.sim.does("health", method="GET")["db"]
        assert (0, "") == (child.stops(), child.errors)


def test_a_line_for_each_delivery(tmp_path: Path):
    """On standard error; what reads the ready line has only the page's address to read. --quiet has neither."""
    for options, lines in (([], 3), (["--quiet"], 0)):
        words = command("--port", "0", "--ephemeral", *options)
        process = popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        with process:
            assert process.stdout is not None
            url = process.stdout.readline().split()[2].removesuffix("/restapi/V2")
            keys = {"x-api-key": "k", "Ocp-Apim-Subscription-Key": "k"}
            with httpx.Client(base_url=url, headers=keys, trust_env=False, timeout=PATIENCE_S) as http:
                http.post("/api/Webhooks", json={"event": "SaleCreated", "url": f"{url}/_sim/sink/shop?code=secret"})
                http.post("/_sim/trigger", json={"event": "SaleCreated", "count": 3})
                http.post("/_sim/drain", json={"timeoutS": 20})
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=PATIENCE_S)
        assert (bool(lines), lines) == (
            out.startswith(f"Page: {url}/   Next: frontsim webhooks"),
            len(err.splitlines()),
        )
        assert lines == err.count("  SaleCreated  200 OK  ") == err.count("/_sim/sink/shop\n")


def test_a_caller_without_a_subscription_key_is_told_once(tmp_path: Path):
    """On standard error, because the vendor answers it with 401."""
    with Child(tmp_path / "log.db") as child:
        agent = {"x-api-key": "k", "User-Agent": "erp/1"}
        for _ in range(2):
            httpx.get(f"{child.sim.base_url}/api/Stores", headers=agent, trust_env=False, timeout=PATIENCE_S)
        assert 0 == child.stops()
        [said] = child.errors.splitlines()
        assert ("Ocp-Apim-Subscription-Key" in said, "erp/1 sent none" in said) == (True, True)


def test_control_c_stops_it_though_the_parent_ignores_it(tmp_path: Path):
    """A server takes SIGINT however it was started; nohup, `&` in a script and some CI runners ignore it."""
    with Child(tmp_path / "log.db", prepare=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) as child:
        assert (0, "") == (child.stops(signal.SIGINT), child.errors)


def test_an_ephemeral_log_goes(tmp_path: Path):
    """Nothing is left of it, in the folder or in the temporary one."""
    with Child(tmp_path / "unused.db", "--ephemeral") as child:
        log = Path(child.sim.does("health", method="GET")["db"])
        assert log.is_file()
        assert 0 == child.stops()
    assert ([], False) == (list(tmp_path.iterdir()), log.parent.exists())


def one_line(done: tuple[int, str, str]) -> str:
    """Return the message of a start that failed: exit code 3 and one line, no traceback, nothing on standard output."""
    code, out, err = done
    assert (3, "", 1) == (code, out, len(err.splitlines())), err
    return err


def test_a_port_in_use(tmp_path: Path):
    """Told before a file is made."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = one_line(refused("--port", port, "--db", str(tmp_path / "log.db")))
    assert f"port {port}" in told
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_that_is_not_ours(host: str, tmp_path: Path):
    """An address or name that we cannot listen on is one line."""
    assert host in one_line(refused("--host", host, "--port", "0", "--db", str(tmp_path / "log.db")))


def test_two_on_one_file(tmp_path: Path):
    """The second ends at once and says why; the first goes on."""
    with Child(tmp_path / "log.db") as first:
        told = one_line(refused("--port", "0", "--db", str(tmp_path / "log.db")))
        assert "is in use by another frontsim" in told
        assert 202 == first.sim.sim("POST", "trigger", {"event": "SaleCreated"}).status_code
    with Child(tmp_path / "log.db") as again:
        assert "ok" == again.sim.does("health", method="GET")["status"]


def foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE other (a); INSERT INTO other VALUES (1);")
    connection.close()


def newer(path: Path) -> None:
    with Child(path) as child:
        child.stops()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def damaged(path: Path) -> None:
    with Child(path) as child:
        child.stops()
    content = bytearray(path.read_bytes())
    content[100:8000] = b"\xff" * 7900
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (foreign, "another program"),
        (lambda path: path.write_text("dear diary\n" * 100), "file is not a database"),
        (newer, "log format 99"),
        (damaged, "cannot use"),
    ],
)
def test_a_file_that_is_not_our_log(make: Any, told: str, tmp_path: Path):
    """Another program's, a text, one of a newer frontsim, a damaged one: one line, and the file is left as it is."""
    path = tmp_path / "log.db"
    make(path)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    assert told in one_line(refused("--port", "0", "--db", str(path)))
    assert before == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_foreign_file_with_a_wal(tmp_path: Path):
    """Pages that another program has not yet written back stay so: file and WAL are left as they are."""
    connection = sqlite3.connect(tmp_path / "theirs.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE other (a)")
    for name in ("theirs.db", "theirs.db-wal"):  # as after a crash of theirs
        (tmp_path / name.replace("theirs", "log")).write_bytes((tmp_path / name).read_bytes())
    connection.close()
    before = [(tmp_path / name).read_bytes() for name in ("log.db", "log.db-wal")]
    assert "another program" in one_line(refused("--port", "0", "--db", str(tmp_path / "log.db")))
    assert before == [(tmp_path / name).read_bytes() for name in ("log.db", "log.db-wal")]


def test_a_folder_that_cannot_be_written(tmp_path: Path):
    """A path under a file, a folder that is not there, a folder as the file, a device: one line each."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for path in (
        tmp_path / "file" / "log.db",
        tmp_path / "missing" / "log.db",
        tmp_path / "folder",
        Path("/proc/log.db"),
    ):
        assert str(path) in one_line(refused("--port", "0", "--db", str(path)))


def test_a_read_only_file_system(tmp_path: Path):
    """One line, whether the log is there or not."""
    with small_disk(tmp_path / "disk", "10m") as disk:
        with Child(disk / "log.db") as child:
            child.stops()
        read_only(disk)
        for name in ("log.db", "new.db"):
            told = one_line(refused("--port", "0", "--db", str(disk / name)))
            assert f"{disk / name}: Read-only file system" in told


def test_contracts_that_cannot_be_used(tmp_path: Path):
    """A folder of types that is not there is one line, and no log is made for it."""
    told = one_line(refused("--port", "0", "--db", str(tmp_path / "log.db"), "--contracts", str(tmp_path / "none")))
    assert "none" in told
    ca = one_line(refused("--port", "0", "--db", str(tmp_path / "log.db"), "--tls-ca", str(tmp_path / "none.pem")))
    assert "none.pem" in ca


def test_settings_from_the_environment_of_a_process(tmp_path: Path):
    """A variable that cannot be read is one line, too."""
    code, _, err = refused("--db", str(tmp_path / "log.db"), FRONTSIM_PORT="x")
    assert (3, True) == (code, "FRONTSIM_PORT" in err or "--port" in err)


def test_the_command_is_what_serves():
    """The option parsing above stands before the real thing."""
    assert really_serve is serve_command.serve_until_stopped
