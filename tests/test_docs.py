"""The README names everything that there is, and every block of it runs."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import orjson
import pytest

from frontsim import bundled, catalog
from frontsim.api.gateway import PREFIX
from frontsim.cli.main import COMMANDS, frontsim
from frontsim.domain.faults import FAULTS
from frontsim.serving import run_in_thread
from frontsim.settings import ENVIRONMENT_PREFIX, Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
PORTS = re.compile(r"\b8[45]\d0\b")


def commands(group: click.Group, names: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command with its whole name, those of groups in groups too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{names}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{names}{name} ")


def named(text: str) -> bool:
    """Whether the README has these very words, not as a part of a longer name."""
    return re.search(rf"(?<![\w-]){re.escape(text)}(?![\w-])", README) is not None


def test_every_command_and_option_is_named() -> None:
    """As a user types it."""
    missing = [f"frontsim {name}" for name, _ in commands(frontsim) if not named(name)]
    for name, command in commands(frontsim):
        options = [option for param in command.params for option in param.opts if option.startswith("--")]
        missing += [f"frontsim {name} {option}" for option in options if option != "--help" and not named(option)]
    assert [] == missing
    assert len(COMMANDS) >= 14


def test_every_setting_is_named() -> None:
    """By its flag; and the README says how its variable is called."""
    assert [] == [item.name for item in fields(Settings) if not named(f"--{item.name.replace('_', '-')}")]
    assert named(f"{ENVIRONMENT_PREFIX}...") or f"{ENVIRONMENT_PREFIX}" in README


def test_every_route_is_named() -> None:
    """The vendor's and ours, with their path as it is served, in any case."""
    served = orjson.loads((ROOT / "contracts" / "openapi.json").read_bytes())["paths"]
    paths = [*served, *control_paths()]
    assert [] == [path for path in paths if path.lower().removeprefix(PREFIX) not in README.lower()]


def control_paths() -> set[str]:
    sources = (ROOT / "simulator" / "frontsim" / "api").glob("*.py")
    return {path for source in sources for path in re.findall(r'Route\(\s*"(/_sim/[^"]*)"', source.read_text())}


def test_every_event_type_fault_and_scenario_is_named() -> None:
    """Somebody who reads the README knows what there is."""
    names = [kind.name for kind in catalog.load()]
    names += FAULTS
    names += [path.stem for path in bundled.folder("scenarios").glob("*.toml")]
    assert [] == [name for name in names if not named(name)]


def test_every_make_target_is_named() -> None:
    """And each that is named is there."""
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [] == [target for target in targets if f"make {target}" not in README]
    assert [] == [target for target in re.findall(r"`make ([a-z]+)`", README) if target not in targets]


def test_links_lead_somewhere() -> None:
    """To a file in this project, or to a heading of the README."""
    headings = {re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in README.splitlines()}
    targets = re.findall(r"\]\(([^)]+)\)", README)
    local = [target for target in targets if not target.startswith("http")]
    broken = [
        target
        for target in local
        if not (target.removeprefix("#") in headings if target.startswith("#") else (ROOT / target).exists())
    ]
    assert [] == broken


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the blocks run, one after the other, as a reader would type them."""
    return tmp_path_factory.mktemp("readme")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_every_block_runs(folder: Path) -> None:
    """In order, in one folder, against one simulator; ports that a block names are exchanged for free ones."""
    assert BLOCKS
    bash = shutil.which("bash")
    assert bash is not None
    running = run_in_thread(Settings(port=0, ephemeral=True))
    ports = {port: str(free_port()) for port in PORTS.findall(README)}
    ports["8400"] = re.sub(r".*:(\d+)/.*", r"\1", running.base_url)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "FRONTSIM_BASE_URL": running.base_url,
    }
    try:
        for language, block in BLOCKS:
            script = PORTS.sub(lambda found: ports[found[0]], block)
            shell = [bash, "-euo", "pipefail", "-c", f"trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{script}"]
            done = subprocess.run(
                shell if language == "sh" else [sys.executable, "-c", script],
                cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            assert 0 == done.returncode, f"{block}\n--- printed\n{done.stdout}\n{done.stderr}"
    finally:
        running.stop()
