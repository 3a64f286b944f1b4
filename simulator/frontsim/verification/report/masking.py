"""What nobody may read in a report, on a terminal or in a CI's log: secrets in URLs, DSNs and commands show as `***`.

Whoever tells a user something that may hold what that user has given masks it here: `frontsim verify`, the pytest suite
and the load tests.
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
"""What may not be shown of URLs, DSNs and commands, and what stands there instead."""


def masked(text: str) -> str:
    """A text without the userinfo of URLs, the passwords of DSNs, and what stands after a secret's name."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def without_secrets(judgement: Judgement) -> Judgement:
    """A judgement whose words are masked; what it says of events stays as it is."""
    return replace(judgement, reason=masked(judgement.reason), notes=tuple(map(masked, judgement.notes)))


@contextmanager
def masked_errors() -> Iterator[None]:
    """What an error of somebody's doing says is masked on its way out.

    Raises:
        FrontsimError: whatever is raised inside, with a masked text.
    """
    try:
        yield
    except FrontsimError as error:
        error.args = (masked(str(error)),)
        raise
