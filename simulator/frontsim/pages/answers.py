"""How the page's calls read and answer: JSON that no cache keeps."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from frontsim.errors import BodyTooLarge

BODY_LIMIT = 10 * 1024 * 1024
"""Most bytes of a payload that is checked."""


def json(value: object) -> Response:
    """Any value that orjson can write."""
    return Response(
        orjson.dumps(value), media_type="application/json; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


async def read_body(request: Request) -> bytes:
    """The request's body. Raises BodyTooLarge."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT:
            raise BodyTooLarge(f"expected a body of at most {BODY_LIMIT} bytes, got more")
        parts.append(part)
    return b"".join(parts)
