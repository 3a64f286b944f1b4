"""404 and 405 for unknown calls under `/_sim`: both list the calls that exist.

The vendor's gateway answers its own paths, and knows no 405; this surface is ours, so it can say more.
"""

from collections.abc import Sequence

from starlette.routing import Match, Mount, Route
from starlette.types import Receive, Scope, Send

from frontsim.api.responses import problem

_CUT = 100  # characters of the request that are shown


class NotFoundRoutes:
    """An ASGI app that refuses every request; its `routes` stand behind all others of the surface.

    Args:
        prefix: the path of the surface, without a slash at its end.
        served: the routes that exist.
    """

    def __init__(self, prefix: str, served: Sequence[Route]) -> None:
        self._served = served
        self.routes = [Route(prefix, self), Mount(prefix, self)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """405 with what the path takes, or 404 with every call."""
        asked = f"{scope['method'][:_CUT]} {scope['path'][:_CUT]}"
        here = [route for route in self._served if route.matches({**scope, "root_path": ""})[0] is Match.PARTIAL]
        if here:
            allowed = ", ".join(sorted({method for route in here for method in route.methods or ()}))
            answer = problem(405, f"expected one of {allowed} at {here[0].path}, got {asked}")
            answer.headers["Allow"] = allowed
        else:
            answer = problem(404, f"expected one of {', '.join(_calls(self._served))}, got {asked}")
        await answer(scope, receive, send)


def _calls(served: Sequence[Route]) -> list[str]:
    """`GET /_sim/stats` and so on; without HEAD, which every GET route takes."""
    return [f"{method} {route.path}" for route in served for method in sorted((route.methods or set()) - {"HEAD"})]
