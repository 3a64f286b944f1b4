"""Every `sh` and `python` block of the docs runs: a test for each page."""

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import orjson
import pytest

from frontsim.hosting.serving import run_in_thread
from frontsim.settings import Settings
from tests.docs.pages import PAGES, ROOT, PageBlock, blocks
from tests.support.forked import path_with_frontsim
from tests.support.ports import free_port

pytestmark = pytest.mark.slow

LANGUAGES = ("sh", "python")
PORTS = re.compile(r"\b8[45]\d0\b")
HANGS_AFTER_S = 900  # not a measure of speed: a page that hangs must not stop the whole suite
RUNNING = [page for page in PAGES if blocks(page, *LANGUAGES)]
LONG = (
    "docs/how-to/explore.md",
    "docs/how-to/reconcile-job.md",
    "docs/how-to/unknown-verdict.md",
    "docs/tutorial/verify-your-receiver.md",
)
"""Pages whose commands search, kill or wait: `make stacks` runs them."""


def script_of(page: Path) -> str:
    """One shell runs the blocks in order, and says at which line of the page it is."""
    parts = ["set -euo pipefail"]
    for block in blocks(page, *LANGUAGES):
        parts.append(f"printf '\\n--- the block at line {block.line}\\n'")
        parts.append(block.text if block.language == "sh" else f"python - <<'END_OF_BLOCK'\n{block.text}END_OF_BLOCK\n")
    return "\n".join(parts)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=name, marks=[pytest.mark.long] if name in LONG else [])
        for page in RUNNING
        for name in [str(page.relative_to(ROOT))]
    ],
)
def test_blocks_run(page: Path, tmp_path: Path) -> None:
    """In order, in one folder, against one simulator; ports that a block names are exchanged for free ones."""
    running = run_in_thread(Settings(port=0, ephemeral=True))
    ports = {port: str(free_port()) for port in PORTS.findall(script_of(page))}
    ports["8400"] = re.sub(r".*:(\d+)/.*", r"\1", running.base_url)
    bash = shutil.which("bash")
    assert bash is not None
    (tmp_path / "work").mkdir()
    environment = os.environ | {
        "FRONTSIM_STATE_DIR": str(tmp_path / "work"),
        "PATH": path_with_frontsim(tmp_path / "bin"),
        "FRONTSIM_BASE_URL": running.base_url,
    }
    output = tmp_path / "output"
    with output.open("w") as log:
        shell = subprocess.Popen(
            [bash, "-c", PORTS.sub(lambda found: ports[found[0]], script_of(page))],
            cwd=tmp_path / "work", env=environment, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        assert 0 == shell.wait(HANGS_AFTER_S), output.read_text()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)  # what blocks left in the background
        shell.wait()
        running.stop()


def bare(block: PageBlock) -> str:
    """Strip here-documents and quoted text, which the shell itself does not read."""
    text = re.sub(r"<<'(\w+)'\n.*?\n\1\n", "\n", block.text, flags=re.DOTALL)
    return re.sub(r"'[^']*'|\"[^\"]*\"", "''", text)


@pytest.mark.parametrize("page", RUNNING, ids=[str(page.relative_to(ROOT)) for page in RUNNING])
def test_blocks_can_be_pasted_into_zsh(page: Path) -> None:
    """zsh takes `#` for a command and refuses an unquoted `?`, `*` or `[` that matches no file."""
    refused = [
        f"line {block.line}: {line}"
        for block in blocks(page, "sh")
        for line in bare(block).splitlines()
        if re.search(r"(^|\s)#|(?<!\$)[?*\[]", line)
    ]
    assert [] == refused


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_json_blocks_are_json(page: Path) -> None:
    for block in blocks(page, "json"):
        orjson.loads(block.text)
