"""Where the options of a call come from, and what is said when it fails."""

import json
from contextlib import closing
from socket import create_server

import pytest

from frontsim.api.responses import problem
from frontsim.cli.connection import named_webhooks
from frontsim.client.models import WebhookView
from frontsim.errors import FrontsimError
from frontsim.settings import Settings


def headers(api):
    return {name.lower(): value for name, value in api.asked[-1][1].items()}


def test_the_default_keys_are_the_simulators(api, run):
    """Without keys, those that a simulator takes by default are sent."""
    api.routes["GET /api/Webhooks"] = []
    run("webhooks", "list")
    sent = headers(api)
    settings = Settings()
    assert (settings.api_key, settings.subscription_key) == (sent["x-api-key"], sent["ocp-apim-subscription-key"])


def test_flag_over_environment_over_default(api, run, monkeypatch):
    """A flag wins over the environment."""
    api.routes["GET /api/Webhooks"] = []
    monkeypatch.setenv("FRONTSIM_API_KEY", "from-environment")
    monkeypatch.setenv("FRONTSIM_SUBSCRIPTION_KEY", "from-environment")
    run("webhooks", "list", "--api-key", "from-flag")
    sent = headers(api)
    assert ("from-flag", "from-environment") == (sent["x-api-key"], sent["ocp-apim-subscription-key"])


def test_the_token_goes_to_the_control_surface_only(api, run, monkeypatch):
    """The bearer token is for /_sim; the vendor's API never sees it, and /_sim never sees the keys."""
    monkeypatch.setenv("FRONTSIM_TOKEN", "secret-token")
    api.routes |= {"GET /api/Webhooks": [], "GET /_sim/faults": []}
    run("webhooks", "list")
    assert "authorization" not in headers(api)
    run("fault", "list")
    assert "Bearer secret-token" == headers(api)["authorization"]
    assert "x-api-key" not in headers(api)


def test_keys_are_never_printed(api, run, monkeypatch):
    """Neither in help, nor in an error."""
    monkeypatch.setenv("FRONTSIM_API_KEY", "hidden-key")
    api.routes["GET /api/Webhooks"] = (401, {"statusCode": 401, "message": "Access denied."})
    refused, told = run("webhooks", "list"), run("webhooks", "list", "--help")
    garbled = run("webhooks", "list", "--api-key", "hidden-key\n")
    assert [] == [done.output for done in (refused, told, garbled) if "hidden-key" in done.output]
    assert (3, 0, 3) == (refused.exit_code, told.exit_code, garbled.exit_code)
    assert Settings().api_key not in told.output
    assert "--api-key" in refused.stderr


def test_a_refused_connection_says_how_to_start_a_simulator(run):
    """The first thing that goes wrong is a simulator that does not run: how to start one is said."""
    with closing(create_server(("127.0.0.1", 0))) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/restapi/V2"
    for args in (["webhooks", "list"], ["trigger", "SaleCreated"]):
        done = run(*args, "--base-url", url)
        assert (3, 1) == (done.exit_code, done.stderr.count("\n"))
        assert done.stderr.startswith("Error: Start a simulator with `frontsim serve`, or name ")
        assert "Errno" not in done.stderr


def test_a_base_url_that_is_none(run):
    """A base URL without a scheme is refused with an example."""
    done = run("webhooks", "list", "--base-url", "127.0.0.1:8400")
    assert (3, True) == (done.exit_code, "expected a URL such as http://127.0.0.1:8400/restapi/V2" in done.stderr)


def test_the_real_api_has_no_controls(api, run):
    """A 404 of /_sim asks the obvious question."""
    done = run("trigger", "SaleCreated")
    assert (3, True) == (done.exit_code, "is that a frontsim simulator?" in done.stderr)


def test_a_simulator_is_not_asked_whether_it_is_one(api, run):
    """A 404 in its own words says what is not there, and nothing else."""
    api.routes["GET /_sim/faults"] = (404, json.loads(bytes(problem(404, "expected something else").body)))
    done = run("fault", "list")
    assert (3, True) == (done.exit_code, "expected something else" in done.stderr)
    assert "simulator?" not in done.stderr


def test_webhooks_are_chosen_by_their_ids_each_once_or_all() -> None:
    """Whatever the case of an id, in the order in which they are named."""
    found = [WebhookView(name, "SaleCreated", "http://a", None, {}) for name in ("A-1", "b-2")]
    assert found == named_webhooks(found, [])
    assert ["b-2", "A-1"] == [each.id for each in named_webhooks(found, ["B-2", "a-1", "b-2"])]
    with pytest.raises(FrontsimError, match="got 'c-3'"):
        named_webhooks(found, ["b-2", "c-3"])
