import asyncio

import pytest

BOM = b"\xef\xbb\xbf"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "path", ["/hook", "/hook?token=abc", "/hook?token=abc&x=%C3%B8", "/hook/SaleCreated?token=abc"]
)
async def test_takes_any_query_and_a_type_in_the_path(open_driver, example, path):
    """A webhook's URL may carry a token, and its type."""
    shop = await open_driver()
    assert 200 == await shop.sends("SaleCreated", example("SaleCreated"), "id-1", path=path)
    assert ["id-1"] == [effect["webhookEventId"] for effect in await shop.effects()]


@pytest.mark.anyio
async def test_type_from_the_path_when_no_header_says_it(open_driver, example):
    """The type's header is open: a URL for each type does as well."""
    shop = await open_driver()
    sent = await shop.sends(
        "SaleCreated", example("SaleCreated"), "id-1", headers={"X-Webhook-Event": ""}, path="/hook/SaleCreated"
    )
    assert 200 == sent
    assert ["SaleCreated"] == [effect["event"] for effect in await shop.effects()]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (400, b"{}", {"X-Webhook-Event-Id": ""}),
        (400, b"{}", {"X-Webhook-Event-Id": "x" * 201}),
        (400, b"{}", {"X-Webhook-Event": ""}),
        (400, b"", {}),
        (400, b"not json", {}),
        (400, b'{"saleId": 1', {}),
        (400, b"\xff\xfe{}", {}),
        (400, b'{"saleId": NaN}', {}),
        (400, b"[1, 2]", {}),
        (400, b'"text"', {}),
        (400, b"null", {}),
        (400, b'{"a":' * 3000 + b"1" + b"}" * 3000, {}),
        (415, b"{}", {"Content-Type": ""}),
        (415, b"{}", {"Content-Type": "text/plain"}),
        (415, b"{}", {"Content-Type": "application/x-www-form-urlencoded"}),
        (415, b"{}", {"Content-Type": "application/json; charset=iso-8859-1"}),
    ],
)
async def test_refuses_what_can_never_be_processed(open_driver, status, body, headers):
    """Garbage is answered 4xx, leaves no effect, and the next good event is processed."""
    shop = await open_driver()
    assert status == await shop.sends("SaleCreated", body, "bad", headers=headers)
    assert 200 == await shop.sends("SaleCreated", {"saleId": 1}, "good")
    assert ["good"] == [effect["webhookEventId"] for effect in await shop.effects()]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (BOM + b'{"saleId": 1}', "application/json"),
        (b'{"saleId": 1, "saleId": 2}', "application/json;charset=UTF-8"),
        (b'{"saleId": null}', "application/problem+json"),
        (b'{\n  "saleId": 123456789012345678901234567890, "x": {"y": []}\n}', 'application/json; charset="utf-8"'),
        (b"{}", "APPLICATION/JSON"),
    ],
)
async def test_takes_what_can_be_processed(open_driver, body, content_type):
    """Nulls, unknown fields, a byte order mark, a key that comes twice: none of it is a reason to refuse."""
    shop = await open_driver()
    assert 200 == await shop.sends("SaleCreated", body, "id-1", headers={"Content-Type": content_type})
    assert 1 == len(await shop.effects())


@pytest.mark.anyio
async def test_an_unknown_type_is_acknowledged_and_ignored_once(open_driver):
    """A type that is new is no error: it is answered 2xx and noted, without an effect."""
    shop = await open_driver()
    for _ in range(2):
        assert 200 == await shop.sends("LoyaltyTierChanged", {"x": 1}, "id-1")
    assert [] == await shop.effects()
    assert 1 == (await shop.web.get(f"{shop.url}/health")).json()["ignored"]


@pytest.mark.anyio
async def test_half_a_body_leaves_nothing_behind(open_driver, example):
    """A sender that hangs up in the middle of its body has sent nothing."""
    shop = await open_driver()
    host, port = shop.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = "POST /hook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Webhook-Event-Id: half\r\n"
    writer.write(f'{head}X-Webhook-Event: SaleCreated\r\nContent-Length: 1000\r\n\r\n{{"saleId": 1}}'.encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert 200 == await shop.sends("SaleCreated", example("SaleCreated"), "whole")
    assert ["whole"] == [effect["webhookEventId"] for effect in await shop.effects()]


@pytest.mark.anyio
async def test_routes(open_driver):
    """Other methods are 405, other paths 404; health names the receiver."""
    shop = await open_driver("inbox")
    assert 405 == (await shop.web.get(f"{shop.url}/hook")).status_code
    assert 404 == (await shop.web.get(f"{shop.url}/hooks")).status_code
    assert {"status": "ok", "variant": "inbox", "effects": 0, "ignored": 0, "waiting": 0, "held": 0} == (
        await shop.web.get(f"{shop.url}/health")
    ).json()


@pytest.mark.anyio
async def test_an_effect_says_what_an_observer_needs(open_driver, example):
    """By event id, by the type's own identity, and by payload; in the order in which they were booked."""
    shop = await open_driver()
    payload = example("CustomerUpdated", customerId=7, firstName="Bjørn", updatedDateTime="2026-08-01T10:12:06.313")
    await shop.sends("CustomerUpdated", payload, "id-1")
    await shop.sends("SaleCreated", example("SaleCreated", saleId=8), "id-2")
    first, second = await shop.effects()
    assert payload == first.pop("payload")
    assert {
        "webhookEventId": "id-1",
        "webhookId": "webhook-of-CustomerUpdated",
        "event": "CustomerUpdated",
        "customerId": 7,
        "updatedDateTime": "2026-08-01T10:12:06.313",
        "at": "2026-09-21T14:13:20.000Z",  # 1,790,000,000 s after 1970
        "current": True,
    } == first
    assert (8, None) == (second["saleId"], second["current"])
    assert "payload" not in (await shop.web.get(f"{shop.url}/effects?payload=false")).json()[0]
    for since, shown in (("2026-09-21T14:13:20", 2), ("2026-09-21T16:13:20%2B02:00", 2), ("2026-09-21T14:13:21Z", 0)):
        assert shown == len((await shop.web.get(f"{shop.url}/effects?since={since}")).json())
    assert 400 == (await shop.web.get(f"{shop.url}/effects?since=yesterday")).status_code
