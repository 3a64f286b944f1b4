"""How the page's calls answer: JSON that no cache keeps."""

from typing import Any

import orjson
from starlette.responses import Response

from frontsim.clock import WireTime
from frontsim.store.log_pages import LogRow


def json(value: object) -> Response:
    """Any value that orjson can write."""
    return Response(
        orjson.dumps(value), media_type="application/json; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


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
