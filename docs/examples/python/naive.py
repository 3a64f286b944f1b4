"""A naive receiver: it looks for the event before it books, and two copies at once both find nothing."""

import os
import time
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
    """Book a sale that is not there yet. The bug: no unique key holds back the second copy."""
    with pool.connection() as database:
        found = database.execute("SELECT 1 FROM sales WHERE event_id = %s", (event_id,)).fetchone()
        time.sleep(0.05)  # the work in between, such as a question to the ERP
        if found is None and event_type == "SaleCreated":
            database.execute(
                "INSERT INTO sales (event_id, sale_id, store_id, total) VALUES (%s, %s, %s, %s)",
                (event_id, sale.get("saleId"), sale.get("storeId"), sale.get("total")),
            )
