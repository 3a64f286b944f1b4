"""`frontsim trigger`."""

import json

import pytest

RAISED = {"occurrences": 2, "events": [{"webhookId": "w1", "webhookEventId": "e1", "event": "SaleCreated"}]}


def body(api):
    return api.asked[-1][2]


def test_a_plain_trigger(api, run):
    """One occurrence; the events that it became are listed."""
    api.routes["POST /_sim/trigger"] = (202, RAISED)
    done = run("trigger", "SaleCreated")
    assert {"event": "SaleCreated", "count": 1} == body(api)
    assert ["webhookEventId  webhook", "e1              w1"] == done.stdout.splitlines()
    assert RAISED == json.loads(run("trigger", "SaleCreated", "--json").stdout)


def test_everything_that_can_be_said(api, run):
    """--set reads JSON where the value is JSON, and a text where it is not."""
    api.routes["POST /_sim/trigger"] = (202, RAISED)
    sets = ["total=12.5", 'gtin="704"', "a.b=null", "note=x=y", "flag=true", "empty=", "lines[0].price=1"]
    run(
        *["trigger", "SaleCreated", "--count", "3", "--store", "7", "--invalid"],
        *[part for each in sets for part in ("--set", each)],
    )
    assert {
        "event": "SaleCreated",
        "count": 3,
        "storeId": 7,
        "invalid": True,
        "set": {
            "total": 12.5,
            "gtin": "704",
            "a.b": None,
            "note": "x=y",
            "flag": True,
            "empty": "",
            "lines[0].price": 1,
        },
    } == body(api)


def test_a_payload_from_a_file_or_a_pipe(api, run, tmp_path):
    """--payload reads an object from a file, or from standard input."""
    api.routes["POST /_sim/trigger"] = (202, RAISED)
    file = tmp_path / "sale.json"
    file.write_text('{"name": "Åse"}', encoding="utf-8")
    run("trigger", "SaleCreated", "--payload", str(file))
    assert {"name": "Åse"} == body(api)["payload"]
    run("trigger", "SaleCreated", "--payload", "-", stdin=b'{"saleId": 1}')
    assert {"saleId": 1} == body(api)["payload"]


@pytest.mark.parametrize(
    ("args", "stdin", "text"),
    [
        (["--payload", "-"], b"{", "expected JSON, got"),
        (["--payload", "-"], b"[1]", "expected a JSON object, got [1]"),
        (["--payload", "nowhere.json"], b"", "No such file"),
        (["--set", "total"], b"", "expected a name, = and a value, got 'total'"),
        (["--set", "a=\udcff"], b"", r"expected a name, = and a value, got 'a=\udcff'"),
        (["--set", "=1"], b"", "expected a name, = and a value"),
        (["--set", "a=1", "--set", "a=2"], b"", "expected each name once, got 'a' twice"),
        (["--store", "x"], b"", "'x' is not a valid integer"),
    ],
)
def test_bad_values_are_refused_here(api, run, args, stdin, text):
    """A value that cannot be read is refused before anything is sent."""
    done = run("trigger", "SaleCreated", *args, stdin=stdin)
    assert (3, []) == (done.exit_code, api.lines)
    assert text in " ".join(done.stderr.replace("│", " ").split())


def test_no_webhook_wants_it(api, run):
    """The event was raised, but no webhook matches: the output says so, with what to do."""
    api.routes["POST /_sim/trigger"] = (202, {"occurrences": 1, "events": []})
    done = run("trigger", "SaleCreated")
    assert (0, "") == (done.exit_code, done.stdout)
    assert "frontsim webhooks create SaleCreated URL" in done.stderr


def test_a_refusal_is_shown_in_full(api, run):
    """The API's own words, expected and got, reach the user."""
    detail = 'the payload of SaleCreated: total: expected number or null, got "x" (a string)'
    api.routes["POST /_sim/trigger"] = (422, {"title": "One or more validation errors occurred.", "detail": detail})
    done = run("trigger", "SaleCreated", "--set", "total=x")
    assert (3, True) == (done.exit_code, detail in done.stderr)
