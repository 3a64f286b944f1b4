"""What the page shows of the sinks: which there are, and the newest records of one."""

from collections.abc import Callable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.pages.answers import json

MOST = 200
"""Records that are shown; `GET /_sim/sink/{name}` has all."""
_LONGEST = 20_000  # characters of a record that are shown


class SinkReads:
    """Reads of the sinks.

    Args:
        counts: gives how many records each name has.
        newest: gives the newest records of a name, the last one first.
    """

    def __init__(
        self, *, counts: Callable[[], Mapping[str, int]], newest: Callable[[str, int], Sequence[bytes]]
    ) -> None:
        self._counts = counts
        self._newest = newest
        self.routes = [
            Route("/_sim/page/sinks", self.sinks, methods=["GET"]),
            Route("/_sim/page/sinks/{name}", self.records, methods=["GET"]),
        ]

    async def sinks(self, _: Request) -> Response:
        """Each name with how many records it has."""
        return json([{"name": name, "records": count} for name, count in self._counts().items()])

    async def records(self, request: Request) -> Response:
        """The newest records of a name, the last one first, each as the text of its JSON."""
        records = self._newest(request.path_params["name"], MOST)
        return json([record[:_LONGEST].decode(errors="replace") for record in records])
