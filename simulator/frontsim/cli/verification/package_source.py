"""What `pip install` gets in a CI job: this frontsim, from where pip got it on this machine."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import distribution
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class PackageSource:
    """The argument of `pip install`, and what the user must do before that works in CI; "" for nothing."""

    argument: str
    then: str = ""


WHEEL = PackageSource(
    "./frontsim-*.whl",
    "put frontsim's wheel into this project, because CI cannot reach the folder that frontsim came from: "
    "`make release` there builds it in dist/. Or name a URL of frontsim that pip takes in the job",
)
"""For a frontsim that was installed from a folder."""


def package_source() -> PackageSource:
    """Of the frontsim that runs."""
    return source_of(distribution("frontsim").read_text("direct_url.json"))


def source_of(direct_url: str | None) -> PackageSource:
    """By what pip notes of a package that it did not get from a package index (PEP 610); None for one that it did."""
    if direct_url is None:
        return PackageSource("frontsim")
    note = json.loads(direct_url)
    scheme = urlsplit(note["url"]).scheme
    return WHEEL if scheme == "file" else PackageSource(shlex.quote(_url(note)))


def _url(note: Mapping[str, Any]) -> str:
    version_control = note.get("vcs_info")
    if version_control is None:
        return str(note["url"])
    return f"{version_control['vcs']}+{note['url']}@{version_control['commit_id']}"
