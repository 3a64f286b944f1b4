import subprocess
import sys
from datetime import UTC, datetime
from os import environ

import pytest

from frontsim.hosting.user_program import at_another_time, faketime_library

LIBRARY = faketime_library()


@pytest.mark.skipif(LIBRARY is None, reason="needs libfaketime")
def test_a_program_lives_so_many_seconds_later():
    """Its calendar is moved, with some hours to spare for the test itself; its monotonic clock is not."""
    code = "import time; print(time.time(), time.monotonic())"
    moved = {**environ, **at_another_time(8 * 86_400, LIBRARY)}
    said = subprocess.run([sys.executable, "-c", code], env=moved, stdout=subprocess.PIPE, text=True, check=True).stdout
    wall_s, _ = map(float, said.split())
    assert 8 == round((wall_s - datetime.now(UTC).timestamp()) / 86_400)
