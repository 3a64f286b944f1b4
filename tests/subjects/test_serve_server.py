import asyncio
from contextlib import closing

import httpx
import pytest

from frontsim.hosting.listening import listen
from frontsim.subjects.serve import Server
from tests.support.patience import PATIENCE_S


async def app(scope, receive, send):
    """Answers 204 to everything, at its start and end as well."""
    while scope["type"] == "lifespan":
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@pytest.mark.anyio
async def test_it_serves_from_when_it_says_so_until_it_is_stopped():
    """It tells of neither itself nor the time, and it leaves signals to the caller."""
    accepts = asyncio.Event()
    server = Server(app, listening=accepts.set)
    with closing(listen("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        running = asyncio.create_task(server.serve([listening]))
        await accepts.wait()
        async with httpx.AsyncClient(timeout=PATIENCE_S) as web:
            answer = await web.get(url)
        server.stop()
        await running
    assert (204, False, False) == (answer.status_code, "server" in answer.headers, "date" in answer.headers)
