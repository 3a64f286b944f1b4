"""Nothing that an API says can control the terminal, whichever command prints it."""

import re

import orjson
import pytest

from frontsim.client import errors, reconcile

_HOSTILE = "x\x1b[2J\x1b]0;t\x07\x9b31m\x7f\u202ey"
_CONTROLS = re.compile(r"[^\x20-\x7e\n\u00a1-\u2010]")
_ID = "0198c1d2-5a7e-7c1e-801a-5043b4e98e4e"


@pytest.mark.parametrize(
    "words",
    [
        ["webhooks", "list"],
        ["webhooks", "create", "SaleCreated", "http://shop/hook"],
        ["webhooks", "delete", _ID],
        ["events", _ID],
        ["resend", _ID, _ID],
        ["reconcile"],
        ["contracts", "pull", "--out", "real"],
        ["trigger", "SaleCreated"],
        ["simulate", "sale"],
        ["fault", "list"],
        ["stats"],
        ["clock"],
        ["drain"],
        ["reset"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_an_answer(run, api, tmp_path, monkeypatch, words, status):
    """Of an API, in an error, a name, or an answer of another form."""
    monkeypatch.chdir(tmp_path)
    for module in (errors, reconcile):
        monkeypatch.setattr(module, "READ_DELAYS_S", ())
    api.answer = lambda *_: (status, {"detail": _HOSTILE, "now": _HOSTILE, "offsetS": 1, _HOSTILE: _HOSTILE})
    done = run(*words)
    assert not _CONTROLS.findall(done.stdout + done.stderr)


def test_json_says_the_same_in_escapes(run, api):
    """orjson escapes C0 alone."""
    api.answer = lambda *_: (200, {"now": _HOSTILE, "offsetS": 1})
    done = run("clock", "--json")
    assert not _CONTROLS.findall(done.stdout)
    assert _HOSTILE == orjson.loads(done.stdout)["now"]
