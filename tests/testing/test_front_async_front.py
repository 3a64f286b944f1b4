"""The same for async tests: a receiver in the test's own event loop goes on answering."""

import asyncio

import pytest

from frontsim.testing import async_simulator

pytestmark = pytest.mark.anyio


async def test_a_receiver_in_the_same_loop_is_heard():
    """Every call that waits for it runs in a thread: fault, resend, reconcile."""
    heard = []

    async def answer(reader, writer):
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with async_simulator() as front:
        sales = await front.subscribe("SaleCreated", url)
        async with front.fault("refuse", times=1):
            sale = await front.trigger("SaleCreated", set={"total": 100})
            await front.wait()
        assert [sale.event] == sales.failed == await front.log()
        assert [] == (await front.reconcile()).left
        assert await front.call(sale.event.resend)
        assert 2 == len(heard)
        assert [] == front.sink("erp").records
        assert (await front.simulate("return")).events
        await front.wait()
        await front.reset()
        assert [] == await front.log()
    server.close()
