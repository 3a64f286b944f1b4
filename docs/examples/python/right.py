"""A right receiver on FastAPI and PostgreSQL: `uvicorn right:app --port 8500`, with DATABASE_URL set."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, Header
from psycopg_pool import ConnectionPool

pool = ConnectionPool(os.environ["DATABASE_URL"], open=False)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Keep connections open while the app runs."""
    with pool:
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/hook", status_code=204)
def hook(
    sale: dict[str, Any],
    event_id: Annotated[str, Header(alias="X-Webhook-Event-Id")],
    event_type: Annotated[str, Header(alias="X-Webhook-Event")],
) -> None:
    """Note the event and book it in one transaction; the answer leaves after the COMMIT."""
    with pool.connection() as database:  # commits at the end of the block, rolls back on an exception
        noted = database.execute(
            "INSERT INTO events (event_id, type) VALUES (%s, %s) ON CONFLICT DO NOTHING", (event_id, event_type)
        )
        if noted.rowcount == 0:
            return  # a duplicate: a success, and nothing to book
        if event_type == "SaleCreated":  # other types are noted and acknowledged
            database.execute(
                "INSERT INTO sales (event_id, sale_id, store_id, total) VALUES (%s, %s, %s, %s)",
                (event_id, sale.get("saleId"), sale.get("storeId"), sale.get("total")),
            )
