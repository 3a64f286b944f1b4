import json
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from frontsim.errors import BadInput, Unusable
from frontsim.subjects import serve
from tests.support import forked
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow

COMMAND = (sys.executable, "-m", "frontsim.subjects.serve", "--db")


def never(base_url):
    raise AssertionError(f"{base_url} should not be served")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_prints_where_it_listens_and_ends_on_a_signal(tmp_path, number):
    """One JSON line when it is ready; a signal ends it with code 0 and nothing on stderr, connections or not."""
    with forked.popen(
        [*COMMAND, str(tmp_path / "receiver.db"), "--header", "X-Event"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        said = json.loads(child.stdout.readline())
        assert {"url", "effects"} == said.keys()
        headers = {"Content-Type": "application/json", "X-Event": "id-1"}
        with httpx.Client(verify=False, timeout=PATIENCE_S) as web:  # keeps its connection open
            assert 200 == web.post(f"{said['url']}/SaleCreated", headers=headers, content=b"{}").status_code
            assert 1 == len(web.get(said["effects"]).json())
            child.send_signal(number)
            assert 0 == child.wait(timeout=PATIENCE_S)
        assert b"" == child.stderr.read()


def test_a_port_that_is_taken(tmp_path):
    """One clear line; no file is made."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Unusable, match="--port 0 picks a free one"):
        serve.run(host="127.0.0.1", port=taken.getsockname()[1], db=tmp_path / "receiver.db", ready=never)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (Unusable, {"host": "no-such-host.invalid"}),
        (Unusable, {"port": 70_000}),
        (BadInput, {"variant": "nodedupe"}),
        (BadInput, {"header": ""}),
        (BadInput, {"header": "X Event"}),
    ],
)
def test_what_cannot_be_served(tmp_path, error, wanted):
    """An address, a variant or a header's name that is none is refused before anything is served."""
    with pytest.raises(error, match=r"expected|cannot listen"):
        serve.run(**{"host": "127.0.0.1", "port": 0, "db": tmp_path / "receiver.db", "ready": never, **wanted})


def test_a_file_that_cannot_be_used_is_one_line_and_code_3(tmp_path):
    """No traceback."""
    done = forked.run([*COMMAND, str(tmp_path / "nowhere" / "x.db")], text=True)
    assert (3, "") == (done.returncode, done.stdout)
    assert 1 == done.stderr.count("\n")
    assert "expected a folder that can be written, got: No such file or directory" in done.stderr
