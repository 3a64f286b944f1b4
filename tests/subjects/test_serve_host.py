"""A receiver is nobody else's: a page's own name that was pointed at it neither reads nor books anything."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.child import environment
from tests.support.forked import popen
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("options", "host", "status"),
    [
        ((), "127.0.0.1:8500", 200),
        ((), "localhost", 200),
        ((), "rebound.example", 403),
        (("--allow-host", "rebound.example"), "rebound.example:80", 200),
        (("--host", "0.0.0.0"), "rebound.example", 403),
        (("--host", "0.0.0.0"), "192.0.2.7:8500", 200),
    ],
)
def test_a_receiver_answers_to_its_own_name(tmp_path: Path, options: tuple[str, ...], host: str, status: int) -> None:
    """Reads and deliveries alike."""
    words = [sys.executable, "-m", "frontsim.cli.main", "receiver", "--port", "0", "--json", *options]
    with popen(words, stdout=subprocess.PIPE, cwd=tmp_path, env=environment()) as process:
        try:
            at = json.loads(process.stdout.readline())["effects"].replace("0.0.0.0", "127.0.0.1")
            assert status == httpx.get(at, headers={"Host": host}, timeout=PATIENCE_S).status_code
            booked = httpx.post(at.replace("effects", "hook"), headers={"Host": host}, timeout=PATIENCE_S).status_code
            assert (status == 403) == (booked == 403)
            assert 0o600 == (tmp_path / "receiver.db").stat().st_mode & 0o777
        finally:
            process.kill()
