"""One HTML page that needs no network, from our own template.

The template escapes everything that it is given. The page carries a content security policy which names the hash of its
one stylesheet and its one script, so that nothing else in it can run or be loaded, whatever a receiver or a job says.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any

from frontsim import bundled


def render(template: Path, *, script: str = "", **values: Any) -> str:
    """The page.

    Args:
        template: a Jinja2 template; it gets `style`, `script` and `policy`, and what follows.
        script: the one script of the page.
        values: what the template shows.
    """
    # imported when a page is written: no command's start should take the time for it
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = bundled.asset("frontsim.css")
    return environment.get_template(template.name).render(
        style=style, script=script, policy=_policy(style, script), **values
    )


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
