"""`--payloads`, `--set` and `--contracts` hold for every payload of a run, whatever raises it."""

import json

import orjson
import pytest

from frontsim.client.control import control_url
from frontsim.hosting.serving import run_in_thread
from frontsim.settings import Settings
from frontsim.verdicts import Verdict
from frontsim.verification.request import Address
from tests.verification.laboratory import play, requested

pytestmark = pytest.mark.slow


def bodies(shop):
    return [orjson.loads(body) for body in shop.bodies.values()]


def test_a_strict_run_sends_no_null(shop):
    """Neither in controls nor in the scenario."""
    request = requested(shop.url, events=["SaleCreated"], delivery={"payloads": "strict"})
    (played,) = play(request, "long-outage")
    assert Verdict.VERIFIED is played.judgement.verdict
    assert None not in [value for body in bodies(shop) for value in body.values()]


def test_an_adversarial_run_sends_nulls_but_not_in_its_controls(shop):
    """A receiver that refuses them takes the control event, so it is accused and not *unknown*."""
    shop.refuses = lambda body: 422 if None in orjson.loads(body).values() else 200
    request = requested(shop.url, events=["CustomerCreated"], delivery={"payloads": "adversarial"})
    (played,) = play(request, "long-outage")
    assert Verdict.VIOLATED is played.judgement.verdict


def test_a_change_is_in_every_payload_that_has_the_field(shop):
    """Also in controls, in the past of an event and in the types' probe; a type without the field is as ever."""
    request = requested(
        shop.url, events=["CustomerUpdated", "CustomerCreated", "SaleCreated"], changes={"comment": "x"}
    )
    for played in play(request, "short-outage", "same-second"):
        assert Verdict.VERIFIED is played.judgement.verdict
    found = {body.get("comment", "none") for body in bodies(shop)}
    assert {"x", "none"} == found


def test_a_remote_simulator_makes_the_payloads_that_are_asked_for(shop):
    """Its own profile is another."""
    running = run_in_thread(Settings(port=0, ephemeral=True, payloads="adversarial"))
    try:
        address = Address(running.base_url, control_url(running.base_url))
        request = requested(shop.url, events=["SaleCreated"], delivery={"payloads": "strict"})
        (played,) = play(request, "short-outage", simulators=address)
    finally:
        running.stop()
    assert Verdict.VERIFIED is played.judgement.verdict
    assert None not in [value for body in bodies(shop) for value in body.values()]


@pytest.mark.parametrize("identity", [{"type": "string"}, {"type": "string", "format": "uuid"}])
def test_an_identity_of_text_is_new_in_each_run(shop, tmp_path, identity):
    """The same seed again: a receiver that knows events by what they are about sees no repeat."""
    schema = {
        "type": "object",
        "properties": {"saleId": identity, "createdDateTime": {"type": "string", "format": "date-time"}},
        "required": ["saleId", "createdDateTime"],
    }
    (tmp_path / "SaleCreated.json").write_text(json.dumps(schema))
    request = requested(shop.url, events=["SaleCreated"], contracts=tmp_path)
    for _ in range(2):
        for played in play(request, "steady", "long-outage", seed=5):
            assert Verdict.VERIFIED is played.judgement.verdict, played.judgement
    ids = [body["saleId"] for body in bodies(shop)]
    assert len(ids) == len(set(ids))
    assert {str} == set(map(type, ids))
