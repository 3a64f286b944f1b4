"""Real Redis, RabbitMQ and nginx for a test: folders of their own, loopback, no durability."""

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.examples.databases import program
from tests.support.ports import free_port

STARTS_WITHIN_S = 60


@contextmanager
def redis() -> Iterator[int]:
    """The port of a Redis server."""
    pytest.importorskip("redis")
    server = program("redis-server")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="frontsim-redis-") as folder:
        words = [
            server,
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            folder,
        ]
        with _running(words, Path(folder), port, {}):
            yield port


@contextmanager
def rabbitmq() -> Iterator[int]:
    """The port of a RabbitMQ broker."""
    pytest.importorskip("pika")
    servers = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    if not servers:
        pytest.skip("not installed: rabbitmq-server")
    port, distribution, mapper = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="frontsim-rabbitmq-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "plugins").write_text("[].")
        environment = {
            "HOME": name,
            "RABBITMQ_NODENAME": f"frontsim{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_MNESIA_BASE": f"{name}/data",
            "RABBITMQ_LOG_BASE": f"{name}/log",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{name}/plugins",
            "RABBITMQ_PID_FILE": f"{name}/pid",
            "ERL_EPMD_PORT": str(mapper),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        try:
            with _running([str(servers[-1])], folder, port, environment):
                yield port
        finally:  # the port mapper of Erlang is a daemon of its own
            subprocess.run(
                [program("epmd"), "-port", str(mapper), "-kill"], capture_output=True, timeout=10, check=False
            )


_NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/client;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream receiver {{ server 127.0.0.1:{receiver}; {upstream} }}
    server {{
        listen 127.0.0.1:{port};
        proxy_set_header Host $host;
        {server}
        location / {{ proxy_pass http://receiver; }}
    }}
}}
"""


def nginx(folder: Path, receiver: int, *, server: str = "", upstream: str = "") -> tuple[int, Sequence[str]]:
    """The port of nginx in front of a receiver's port, and its command; with its defaults and some directives more."""
    binary, port = program("nginx"), free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _NGINX.format(folder=folder, receiver=receiver, port=port, server=server, upstream=upstream)
    )
    return port, [binary, "-p", str(folder), "-e", f"{folder}/error.log", "-c", str(configuration)]


@contextmanager
def _running(words: Sequence[str], folder: Path, port: int, environment: dict[str, str]) -> Iterator[None]:
    output = folder / "output"
    with output.open("wb") as log:
        process = subprocess.Popen(
            words, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **environment}
        )
    try:
        for _ in range(STARTS_WITHIN_S * 10):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                try:
                    process.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
                raise AssertionError(f"{words[0]} ended: {output.read_text()}") from None
        else:
            raise AssertionError(f"{words[0]} is not ready: {output.read_text()}")
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
