"""`frontsim webhooks`."""

import json

ONE = {"id": "11111111-1111-1111-1111-111111111111", "storeId": None, "event": "SaleCreated", "url": "http://a/[x]"}
TWO = {"id": "22222222-2222-2222-2222-222222222222", "storeId": 7, "event": "InvoiceCreated", "url": "http://b\x1b[2J"}


def test_a_list_for_a_pipe(api, run):
    """Plain lines with every value whole, and nothing that could move a cursor."""
    api.routes["GET /api/Webhooks"] = [ONE, TWO]
    done = run("webhooks", "list")
    assert [
        "webhook                                              store  url",
        "SaleCreated 11111111-1111-1111-1111-111111111111     all    http://a/[x]",
        "InvoiceCreated 22222222-2222-2222-2222-222222222222  7      http://b\\x1b[2J",
    ] == done.stdout.splitlines()


def test_a_list_for_a_program(api, run):
    """--json prints what the API said, with the API's own names."""
    api.routes["GET /api/Webhooks"] = [ONE, TWO]
    assert [ONE, TWO] == json.loads(run("webhooks", "list", "--json").stdout)


def test_an_empty_list(api, run):
    """No webhooks: said on standard error, so that a pipe stays empty; how to make one is told."""
    api.routes["GET /api/Webhooks"] = []
    done = run("webhooks", "list")
    assert (0, "") == (done.exit_code, done.stdout)
    assert "frontsim webhooks create" in done.stderr


def test_create(api, run):
    """A webhook is created as the vendor's guide does it, with a store only if one is named."""
    api.routes["POST /api/Webhooks"] = ONE
    assert ONE["id"] in run("webhooks", "create", "SaleCreated", "http://a/[x]").stdout
    assert ONE == json.loads(run("webhooks", "create", "SaleCreated", "http://a", "--store", "0", "--json").stdout)
    assert [
        {"event": "SaleCreated", "url": "http://a/[x]"},
        {"event": "SaleCreated", "url": "http://a", "storeId": 0},
    ] == [body for _, _, body in api.asked]


def test_update(api, run):
    """A field that is not named stays as it is."""
    path = f"/api/Webhooks/{TWO['id']}"
    api.routes[f"GET {path}"] = TWO
    api.routes[f"PUT {path}"] = lambda body: (200, body)
    run("webhooks", "update", TWO["id"], "--url", "http://c")
    run("webhooks", "update", TWO["id"], "--all-stores", "--type", "SaleCreated")
    run("webhooks", "update", TWO["id"], "--store", "9")
    assert [
        {**TWO, "url": "http://c"},
        {**TWO, "storeId": None, "event": "SaleCreated"},
        {**TWO, "storeId": 9},
    ] == [body for line, _, body in api.asked if line.startswith("PUT")]


def test_updates_that_say_nothing(api, run):
    """A change of nothing, or of the store to two things, is refused before anything is asked."""
    for args in ([], ["--store", "1", "--all-stores"]):
        done = run("webhooks", "update", "w", *args)
        assert (3, []) == (done.exit_code, api.lines)
        assert "expected" in done.stderr


def test_delete(api, run):
    """A webhook that is gone needs no words."""
    api.routes["DELETE /api/Webhooks/w"] = None
    done = run("webhooks", "delete", "w")
    assert (0, "", ["DELETE /api/Webhooks/w"]) == (done.exit_code, done.output, api.lines)


def test_an_unknown_webhook(api, run):
    """The API's words are one line; code 3."""
    api.routes["DELETE /api/Webhooks/w"] = (404, {"title": "Not Found", "detail": "no webhook has that id"})
    done = run("webhooks", "delete", "w")
    assert (3, f"Error: no webhook has that id (DELETE {api.base_url}/Webhooks/w: expected a 2xx, got 404)\n") == (
        done.exit_code,
        done.stderr,
    )


def test_secrets_in_urls(api, run):
    """A table shows no secret unless it is asked to; JSON is the API's own answer."""
    url = "http://user:hunter2@shop/hook?token=hunter2"
    api.routes["GET /api/Webhooks"] = [{**ONE, "url": url}]
    assert "http://***@shop/hook?token=***" in run("webhooks", "list").stdout
    assert url in run("webhooks", "list", "--show-secrets").stdout
    assert url in run("webhooks", "list", "--json").stdout
