"""What the page shows of the calls that the integrator's code makes on the vendor's API."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.clock import WireTime
from frontsim.domain.model import ApiCall
from frontsim.errors import BadInput
from frontsim.pages.answers import json

_MOST_DIGITS = 18


class CallReads:
    """Reads of the calls.

    Args:
        after: gives the calls with higher numbers that are kept, newest first.
    """

    def __init__(self, *, after: Callable[[int], Sequence[ApiCall]], wire_time: WireTime) -> None:
        self._after = after
        self._time = wire_time
        self.routes = [Route("/_sim/page/calls", self.calls, methods=["GET"])]

    async def calls(self, request: Request) -> Response:
        """The calls after the one of a number, newest first. Raises BadInput."""
        text = request.query_params.get("after", "0")
        if not text.isdecimal() or len(text) > _MOST_DIGITS:
            raise BadInput(f"after: expected the number of a call, got {text[:64]!r}")
        return json([self._shown(call) for call in self._after(int(text))])

    def _shown(self, call: ApiCall) -> dict[str, Any]:
        return {
            "number": call.number,
            "createdDateTime": self._time.write(call.at),
            "method": call.method,
            "target": call.target,
            "operation": call.operation or None,
            "status": call.status,
            "durationMs": call.duration_ms,
            "answerBytes": call.answer_bytes,
            "key": dict(call.headers).get("x-api-key"),
            "fault": call.fault or None,
            "headers": call.headers,
        }
