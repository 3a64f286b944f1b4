"""One line for a delivery that has ended, for `frontsim tail` and `frontsim serve`."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from frontsim.cli.output import shown

_LONGEST_TARGET = 60


def delivery_line(run: Mapping[str, Any]) -> str:
    """When, which event, how it ended, in how long, by which fault, and where it went.

    The id comes early, so that no terminal breaks it. Of the URL there are host and path: the rest may be secret.

    Args:
        run: as `/_sim/stream` tells of it.
    """
    words = (run.get("statusCode"), run.get("status"))
    outcome = " ".join(str(word) for word in words if word is not None) or str(run["outcome"])
    parts = [
        str(run["createdDateTime"]).partition("T")[2].ljust(12),
        str(run["webhookEventId"]),
        str(run["event"]),
        f"run {run['run']}" if run["run"] > 1 else "",
        outcome,
        "" if run.get("durationMs") is None else f"{run['durationMs']} ms",
        f"[{run['fault']}]" if run.get("fault") else "",
        _target(str(run.get("url") or "")),
    ]
    return "  ".join(shown(part) for part in parts if part)


def _target(url: str) -> str:
    parts = urlsplit(url)
    text = f"{parts.netloc.rpartition('@')[2]}{parts.path}"
    return text if len(text) <= _LONGEST_TARGET else f"{text[: _LONGEST_TARGET - 1]}…"
