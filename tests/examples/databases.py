"""Real PostgreSQL and MariaDB servers for a test: folders of their own, loopback, an ordinary user, no durability."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.ports import free_port

STARTS_WITHIN_S = 60
SETUP_S = 120
_DEBIANS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: float(each.parent.name))
_PLACES = os.pathsep.join([os.environ["PATH"], *map(str, reversed(_DEBIANS)), "/usr/sbin"])


def program(*names: str) -> str:
    """The path of the first of these programs that is installed; skips the test if none is."""
    for name in names:
        if found := shutil.which(name, path=_PLACES):
            return found
    pytest.skip(f"not installed: {names[0]}")


@contextmanager
def postgresql() -> Iterator[Mapping[str, str]]:
    """The variables of a client, as psql reads them."""
    postgres, initdb, psql = program("postgres"), program("initdb"), program("psql")
    with _folder() as folder:
        _run(folder, initdb, "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        port = str(free_port())
        server = [postgres, "-D", "data", "-h", "127.0.0.1", "-p", port, "-k", "", "-F"]
        variables = {"PGHOST": "127.0.0.1", "PGPORT": port, "PGUSER": "postgres", "PGDATABASE": "postgres"}
        with _running(folder, server, ready=[psql, "-c", "SELECT 1"], variables=variables):
            yield variables


@contextmanager
def mariadb() -> Iterator[Mapping[str, str]]:
    """The variables of a client, as the PHP example reads them."""
    server, install = program("mariadbd"), program("mariadb-install-db")
    with _folder() as folder:
        data = f"--datadir={folder}/data"
        _run(folder, install, "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db")
        port = str(free_port())
        command = [
            server, "--no-defaults", data, "--bind-address=127.0.0.1", f"--port={port}", f"--socket={folder}/socket",
            f"--pid-file={folder}/pid", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve", "--skip-log-bin",
        ]  # fmt: skip
        variables = {"DB_HOST": "127.0.0.1", "DB_PORT": port, "DB_USERNAME": "root", "DB_PASSWORD": ""}
        with _running(folder, command, ready=[*_client(port), "SELECT 1"], variables=variables):
            yield variables


def created(kind: str, name: str, server: Mapping[str, str]) -> dict[str, str]:
    """Create a database on that server; the variables that the examples read."""
    if kind == "postgresql":
        address = f"127.0.0.1:{server['PGPORT']}/{name}"
        command = [program("psql"), "-c", f"CREATE DATABASE {name}"]
        variables = {
            "DATABASE_URL": f"postgresql://postgres@{address}?sslmode=disable",
            "JDBC_URL": f"jdbc:postgresql://{address}?user=postgres",
        }
    else:
        command = [*_client(server["DB_PORT"]), f"CREATE DATABASE {name}"]
        variables = {**server, "DB_DATABASE": name}
    subprocess.run(command, env=os.environ | server, check=True, capture_output=True, timeout=SETUP_S)
    return variables


def _client(port: str) -> list[str]:
    return [program("mariadb"), "--no-defaults", "-h", "127.0.0.1", "-P", port, "-u", "root", "-e"]


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that the server's user owns: tmp_path's parents are closed to all but the user of the tests."""
    with tempfile.TemporaryDirectory(prefix="frontsim-db-", ignore_cleanup_errors=True) as name:
        user = _user()
        if user is not None:
            os.chown(name, user.pw_uid, user.pw_gid)
        yield Path(name)


def _user() -> pwd.struct_passwd | None:
    """Whose process a server is: PostgreSQL refuses root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _process(folder: Path, command: list[str], output: Path) -> subprocess.Popen[bytes]:
    """A process that ends with the tests, even if they are killed, where Linux can see to it."""
    user = _user()
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "QUIT", *command]
    with output.open("wb") as log:
        return subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={"PATH": _PLACES, "LC_ALL": "C", "TMPDIR": str(folder)},  # MariaDB clears another's at its start
            user=user and user.pw_uid, group=user and user.pw_gid, extra_groups=[] if user else None,
        )  # fmt: skip


def _run(folder: Path, *command: str) -> None:
    output = folder / "setup.log"
    process = _process(folder, list(command), output)
    try:
        assert 0 == process.wait(SETUP_S), output.read_text()
    finally:
        process.kill()
        process.wait()


@contextmanager
def _running(folder: Path, command: list[str], *, ready: list[str], variables: Mapping[str, str]) -> Iterator[None]:
    output = folder / "server.log"
    process = _process(folder, command, output)
    try:
        for _ in range(STARTS_WITHIN_S * 10):
            asked = subprocess.run(ready, env=os.environ | variables, capture_output=True, timeout=SETUP_S, check=False)
            if asked.returncode == 0:
                break
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"{command[0]} ended: {output.read_text()}")
        else:
            raise AssertionError(f"{command[0]} is not ready: {output.read_text()}")
        yield
    finally:
        process.send_signal(signal.SIGQUIT)  # to PostgreSQL: now, without waiting for those that are connected
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
