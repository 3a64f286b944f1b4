import httpx

from frontsim.client.http import FrontSystems, read_log


def test_the_log_of_some_webhooks_is_read_in_their_order():
    """Everything since ever, unless the caller asks for less; payloads and runs only where it asks for them."""
    asked = []

    def answer(request):
        asked.append(request)
        webhook = request.url.path.rpartition("/")[2]
        return httpx.Response(200, json=[{"webhookId": webhook, "webhookEventId": f"{webhook}-1"}])

    with FrontSystems(
        "http://a/restapi/V2", api_key="k", subscription_key="s", transport=httpx.MockTransport(answer)
    ) as api:
        read = list(read_log(api, ["b", "a"]))
        list(read_log(api, ["c"], since="2021-12-01", success=False, with_payloads=True, with_runs=True))
    assert ["b-1", "a-1"] == [entry.webhook_event_id for entry in read]
    first, last = asked[0].url.params, asked[-1].url.params
    assert ("2000-01-01", "2199-12-31", None) == (first["from"], first["to"], first.get("success"))
    assert ("false", "false") == (first["includePayload"], first["includeRuns"])
    assert ("2021-12-01", "false", "true", "true") == (
        last["from"],
        last["success"],
        last["includePayload"],
        last["includeRuns"],
    )
