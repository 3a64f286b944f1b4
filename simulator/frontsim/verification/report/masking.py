"""Masks secrets in everything that a user reads: in URLs, DSNs and commands they show as `***`.

Reports and CI logs are passed on. So `frontsim verify`, the pytest suite and the load tests mask each text that may
repeat what the user gave.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from frontsim.errors import FrontsimError
from frontsim.verification.judge.checks import Judgement

_NAME_OF_ONE = r"(?:password|passwd|pwd|secret|token|api[-_]?key|subscription[-_]?key)"
_SECRETS = [
    (re.compile(pattern, re.IGNORECASE), instead)
    for pattern, instead in (
        (r"(https?://)[^/?#\s]*@", r"\1***@"),
        (r"(?<!http)(?<!https)(://[^:/@\s]*):\S*@", r"\1:***@"),  # a DSN's password may hold any character
        (rf"(--[-\w]*{_NAME_OF_ONE} +|{_NAME_OF_ONE}=)[^&\s'\"]+", r"\1***"),
        (r"(authorization: *(?:\w+ +)?)[^\s'\"]+", r"\1***"),
    )
]
"""Patterns of secrets in URLs, DSNs and commands, each with its replacement."""


def masked(text: str) -> str:
    """The text without the userinfo of URLs, the passwords of DSNs, and the values that follow a secret's name."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def without_secrets(judgement: Judgement) -> Judgement:
    """The judgement with its reason and notes masked; its findings stay as they are."""
    return replace(judgement, reason=masked(judgement.reason), notes=tuple(map(masked, judgement.notes)))


@contextmanager
def masked_errors() -> Iterator[None]:
    """Mask the text of an error that leaves the block.

    Raises:
        FrontsimError: the error that was raised inside, with a masked text.
    """
    try:
        yield
    except FrontsimError as error:
        error.args = (masked(str(error)),)
        raise
