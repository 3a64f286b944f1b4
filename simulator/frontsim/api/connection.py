"""What the app may ask of a caller's connection, through the extensions of an ASGI scope.

`frontsim.caller_connection` puts them there.
"""

from collections.abc import Callable

from starlette.types import Receive, Scope

RESET = "frontsim.reset"
"""The name of a function that resets the connection."""
ENDS_WITH_CALLER = "frontsim.ends-with-caller"
"""Whether the call ends when the caller closes its side. Others are answered, because the caller may still read."""


async def reset(scope: Scope, receive: Receive) -> None:
    """Reset the caller's connection, and wait until it is gone: only then may the app end without an answer."""
    reset_connection: Callable[[], None] = scope["extensions"][RESET]
    reset_connection()
    await gone(receive)


def end_with_caller(scope: Scope) -> None:
    """End this call when the caller closes its side: a call without an end has no reader then."""
    scope.setdefault("extensions", {})[ENDS_WITH_CALLER] = True


async def gone(receive: Receive) -> None:
    """Wait until the caller is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
