"""Runs a Dockerfile's instructions in bare Debian roots, as root, without a container engine."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_S = 900
_PASSED_ON = re.compile(r"(?:PIP_|SSL_|REQUESTS_)\w+|(?:https?|no)_proxy", re.IGNORECASE)
_FOR_THE_NETWORK = ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt")


def instructions(text: str) -> list[tuple[str, str]]:
    """Each instruction's name and words; lines that end in a backslash are joined, comments left out."""
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    found = [line.partition(" ") for line in lines if line.strip() and not line.startswith("#")]
    return [(name, words.strip()) for name, _, words in found]


@dataclass
class Stage:
    """One stage in its root: a copy of `base`, which stands for the image behind FROM."""

    root: Path
    workdir: str = "/"
    user: str = "root"
    variables: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)

    def words(self, command: Iterable[str]) -> list[str]:
        """A command line that runs a command in the root, as the stage's user and in its folder."""
        script = f'cd {shlex.quote(self.workdir)} && exec "$@"'
        return ["chroot", f"--userspec={self.user}", str(self.root), "sh", "-c", script, "sh", *command]

    def environment(self, **more: str) -> dict[str, str]:
        """Return a container's variables, and those by which this machine reaches a package index."""
        passed_on = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
        return {
            "PATH": "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin",
            "HOME": self.workdir,
            "PIP_BREAK_SYSTEM_PACKAGES": "1",  # Debian's pip asks for it, the Python image's does not
            **passed_on,
            **self.variables,
            **more,
        }

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.words(command),
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )


def build(text: str, base: Path, context: Path, files: Iterable[str], folder: Path) -> Stage:
    """Run all stages; returns the last, which is the image. Raises AssertionError: a step failed."""
    stages: dict[str, Stage] = {}
    stage = Stage(Path())
    for name, words in instructions(text):
        match name:
            case "FROM":
                label = words.partition(" AS ")[2] or "image"
                stage = stages[label] = Stage(folder / label)
                subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(stage.root)], check=True)
                for file in filter(os.path.exists, _FOR_THE_NETWORK):
                    shutil.copy(file, f"{stage.root}{file}")
            case "WORKDIR":
                stage.workdir = words
                Path(f"{stage.root}{words}").mkdir(parents=True, exist_ok=True)
            case "COPY" if words.startswith("--from="):
                label, source, target = words.removeprefix("--from=").split()
                shutil.copytree(f"{stages[label].root}{source}", f"{stage.root}{target}")
            case "COPY":
                assert words == ". .", f"expected COPY . ., got {words}"
                _copy(context, files, Path(f"{stage.root}{stage.workdir}"))
            case "RUN":
                done = stage.run("sh", "-c", words)
                assert done.returncode == 0, f"RUN {words}\n{done.stdout}{done.stderr}"
            case "ENV":
                stage.variables |= dict([words.split("=", 1)])
            case "USER":
                stage.user = words
            case "ENTRYPOINT":
                stage.entrypoint = json.loads(words)
            case "CMD":
                stage.command = json.loads(words)
            case "HEALTHCHECK":
                stage.healthcheck = json.loads(words.partition("CMD ")[2])
            case other:
                assert other in ("ARG", "EXPOSE", "VOLUME"), f"{other} is not known here"
    return stage


def _copy(context: Path, files: Iterable[str], target: Path) -> None:
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(context / file, target / file)
