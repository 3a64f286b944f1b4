"""The steps of the Dockerfile, run in a bare Debian: it builds, serves without rights, is healthy, and stops.

No container engine is needed. Proven are the instructions and what they need: a root of nothing but Debian's minimum,
Python and pip stands for the Python image, so Python's minor version may differ, and Docker's layers, volumes and its
own calls of the health check are left out. It needs root, debootstrap and a mirror; DEBIAN_ROOT names a root that was
made before.
"""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.stacks.dockerfile import Stage, build

pytestmark = pytest.mark.long

PACKAGES = "python3,python3-pip,ca-certificates"
READY = re.compile(r"frontsim on (http://\S+/restapi/V2)  ")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The image's root. It and the roots that it came from are gone afterwards."""
    folder = tmp_path_factory.mktemp("image")
    try:
        base = Path(os.environ["DEBIAN_ROOT"]) if "DEBIAN_ROOT" in os.environ else bare_debian(folder / "base")
        tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        files = [name for name in tracked.splitlines() if (ROOT / name).is_file()]
        yield build((ROOT / "Dockerfile").read_text(), base, ROOT, files, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def bare_debian(root: Path) -> Path:
    """A root with Debian's minimum, Python and pip."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to make a root of its own")
    if not shutil.which("debootstrap"):
        pytest.skip("needs debootstrap: apt-get install debootstrap")
    suite = platform.freedesktop_os_release().get("VERSION_CODENAME", "stable")
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(root)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"debootstrap could not make a root: {made.stdout.strip().splitlines()[-1:]}")
    return root


def test_it_serves_without_rights_is_healthy_and_stops(image: Stage) -> None:
    """As the Dockerfile's user; its log is in /data; the health check and a trigger are answered; SIGTERM ends it."""
    more = {"FRONTSIM_PORT": "0", "FRONTSIM_TOKEN": "secret"}  # any free port: there is no network of its own here
    serving = subprocess.Popen(
        image.words([*image.entrypoint, *image.command]),
        env=image.environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert serving.stdout is not None
        ready = READY.match(serving.stdout.readline())
        assert ready is not None
        users = re.findall(r"^[UG]id:\s+(\d+)", Path(f"/proc/{serving.pid}/status").read_text(), re.MULTILINE)
        assert ["10001", "10001"] == users
        told = {**more, "FRONTSIM_BASE_URL": ready[1].replace("0.0.0.0", "127.0.0.1")}
        assert 0 == image.run(*image.healthcheck, **told).returncode
        assert 0 != image.run(*image.healthcheck, **{**told, "FRONTSIM_TOKEN": "wrong"}).returncode
        done = image.run(*image.entrypoint, "trigger", "SaleCreated", **told)
        assert (0, True) == (done.returncode, "1 occurred" in done.stderr)  # and no webhook wants it
        assert 10001 == (image.root / "data/frontsim.db").stat().st_uid
        assert 0 != image.run("touch", "/usr/mine").returncode
    finally:
        serving.terminate()
        _, errors = serving.communicate(timeout=60)
    assert (0, "") == (serving.returncode, errors)


def test_it_verifies_too(image: Stage) -> None:
    """`docker run frontsim verify ...` needs no more than the image has."""
    done = image.run(*image.entrypoint, "verify", "--list")
    assert (0, True) == (done.returncode, "steady" in done.stdout)
    assert 0 == image.run(*image.entrypoint, "demo", "--count", "1").returncode
