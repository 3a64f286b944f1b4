"""The examples of docs/how-to/test-in-python.md run as they stand."""

import re
import subprocess
import sys

import pytest

from tests.docs.pages import ROOT, blocks

pytestmark = pytest.mark.long

PAGE = ROOT / "docs" / "how-to" / "test-in-python.md"


def test_the_examples_run(tmp_path):
    """Each block that begins with its file's name becomes that file; pytest finds `front` by itself."""
    for block in blocks(PAGE, "python"):
        if name := re.match(r"# (\w+\.py)\n", block.text):
            (tmp_path / name[1]).write_text(block.text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert "3 passed" in done.stdout, done.stdout + done.stderr
