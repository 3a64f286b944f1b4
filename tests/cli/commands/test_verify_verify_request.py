from dataclasses import fields

import pytest

from frontsim.cli.commands.verify import pace_of, request_of, simulator_of, verify, with_nearest_observer
from frontsim.verification.effects.history import ContentCheck
from frontsim.verification.patience import TimeLimits
from frontsim.verification.request import Address, Request
from frontsim.verification.schedule import Pace

WITHOUT_AN_OPTION = {"observe_function", "limits", "delivery", "finds_key"}
"""Fields of a request that no option of their name gives."""


def parsed(*words):
    return verify.make_context("verify", list(words)).params


def test_each_field_of_a_request_has_an_option():
    """A field that no option gives, by its name, would be left at its default without a word."""
    assert WITHOUT_AN_OPTION == {item.name for item in fields(Request)} - parsed().keys()


def test_a_request_is_what_the_options_say():
    """Types as the request has them: a list of events, a way to compare, limits in seconds, settings of deliveries."""
    request = request_of(
        parsed(
            *("--receiver", "http://shop/hook", "--events", "SaleCreated, StockMovementCreated,"),
            *("--observe-sql", "sqlite:///shop.db", "SELECT 1", "--check-content", "EXACT"),
            *("--settle", "1", "--timeout", "2", "--answer-timeout", "3", "--event-id-header", "X-Id"),
            *("--memory", "60s", "--time-travel", "8d"),
        )
    )
    assert ("http://shop/hook", ["SaleCreated", "StockMovementCreated"]) == (request.receiver, request.events)
    assert (("sqlite:///shop.db", "SELECT 1"), ContentCheck.EXACT) == (request.observe_sql, request.check_content)
    assert (TimeLimits(1, 2, 3, memory_s=60, travel_s=691_200), "X-Id") == (
        request.limits,
        request.delivery["event_id_header"],
    )


BY_SQL = ("--observe-sql", "sqlite:///shop.db", "SELECT 1")


@pytest.mark.parametrize(
    ("typed", "observers"),
    [
        ((), ["--observe-url"]),
        (BY_SQL, ["--observe-sql"]),
        ((*BY_SQL, "--observe-cmd", "cat"), ["--observe-sql", "--observe-cmd"]),
    ],
)
def test_a_flag_replaces_another_way_to_read_effects_in_the_file(typed, observers):
    """Flag over file: the file's observer must not stand in the way. Two flags stay, and are refused."""
    ctx = verify.make_context("verify", list(typed), default_map={"observe_url": "http://shop/effects"})
    assert observers == request_of(with_nearest_observer(ctx, ctx.params)).observers


def test_a_simulator_is_named_by_its_api():
    """Its control surface lies beside the API, and its keys are the environment's."""
    address = simulator_of(parsed("--base-url", "http://shop:1/restapi/V2", "--token", "t"))
    assert isinstance(address, Address)
    assert ("http://shop:1/restapi/V2", "http://shop:1/_sim", "t") == (
        address.base_url,
        address.control_url,
        address.token,
    )


class Begun:
    """Stands in for a process that began before."""

    is_closed = False

    def close(self):
        self.is_closed = True


@pytest.mark.parametrize(("typed", "is_used"), [([], True), (["--base-url", "http://shop:1/restapi/V2"], False)])
def test_a_process_that_began_before_hosts_the_simulators(typed, is_used):
    """It ends at once if the simulator of others is used after all."""
    begun = Begun()
    assert (is_used, not is_used) == (simulator_of(parsed(*typed), begun) is begun, begun.is_closed)


@pytest.mark.parametrize(
    ("typed", "pace"),
    [
        ([], Pace(4, 16, 120)),
        (["--jobs", "2", "--budget", "9"], Pace(2, 2, 9)),
        (["--receiver-cmd", "x", "--jobs", "2"], Pace(1, 1, 240)),
        (["--base-url", "http://x/restapi/V2", "--jobs", "2"], Pace(1, 1, 120)),
    ],
)
def test_scenarios_are_side_by_side_where_nothing_is_killed_or_shared(typed, pace):
    """The pace by default, as asked, with our receiver and with a simulator of others."""
    assert pace == pace_of(parsed(*typed))
