"""How the page's calls read and answer: JSON that no cache keeps."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from frontsim.clock import WireTime
from frontsim.errors import BodyTooLarge
from frontsim.store.log_pages import LogRow

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


def row_json(row: LogRow, wire_time: WireTime) -> dict[str, Any]:
    """An event with its newest run that is over."""
    return {
        "number": row.number,
        "webhookEventId": row.webhook_event_id,
        "webhookId": row.webhook_id,
        "event": row.event,
        "url": row.url,
        "isDeleted": row.is_deleted,
        "storeId": row.store_id,
        "createdDateTime": wire_time.write(row.created_at),
        "status": row.status,
        "statusCode": row.status_code,
        "success": row.success,
        "runsCounter": row.runs,
        "outcome": row.outcome,
        "durationMs": row.duration_ms,
        "fault": row.fault or None,
    }
