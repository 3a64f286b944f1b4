"""A command that ends with the process that started it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.child import PATIENCE_S, READY, environment

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN])
@pytest.mark.parametrize("early", [False, True])
def test_it_ends_when_its_standard_input_closes(tmp_path: Path, handler: signal.Handlers, early: bool) -> None:
    """While it serves or before it does, and where the parent ignores SIGINT: it holds no port for ever."""
    with subprocess.Popen(
        [sys.executable, "-m", "frontsim.cli.child", "serve", "--port", "0", "--ephemeral"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, handler),
    ) as process:
        try:
            assert process.stdout is not None
            if not early:
                assert READY.fullmatch(process.stdout.readline())
            _, errors = process.communicate(timeout=PATIENCE_S)  # closes standard input
        finally:
            process.kill()
    assert "" == errors.strip()
    assert [] == list(tmp_path.iterdir())
