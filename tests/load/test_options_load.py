"""A load test follows its plan and its options."""

from argparse import Namespace

import pytest

from frontsim.errors import BadInput, Unusable
from frontsim.load.options import NOT_GIVEN, Load, read_mix
from frontsim.load.plan import DOWNTIME, LOST_ANSWERS, NO_OUTAGE, STEADY, Outage, Plan, Shares

DEFAULTS = {
    "receiver": "http://127.0.0.1:1/hook",
    **dict.fromkeys(("observe_url", "observe_sql", "observe_cmd", "observe_sink"), ""),
    "observers_of_file": {},
    "observe_state": "",
    "delivery_shape": "bare",
    "simulator": "",
    "insecure": False,
    "no_tls_verify": False,
    "tls_ca": "",
    "mix": "",
    "seed": 1,
    "pace": 0.0,
    "live": 5.0,
    "backlog": 10,
    "day_seconds": 60.0,
    "event_rate": 1.0,
    "resend_after": 3.0,
    "answer_timeout": 10.0,
    "lease_ttl": None,
    "settle": 0.5,
    "end_timeout": 60.0,
    "stop_timeout": NOT_GIVEN,
    "run_time": 30,
    "down_from": None,
    "down_to": None,
}


def load(plan: Plan = STEADY, **options: object) -> Load:
    shares = {f"{name}_share": getattr(plan.shares, name) for name in ("unsent", "lost", "late")}
    return Load(plan, Namespace(**{**DEFAULTS, **shares, **options}))


def test_a_mix_is_types_and_weights() -> None:
    """A type without a weight has 1; spaces and empty parts mean nothing."""
    assert {"SaleCreated": 3.0, "CustomerCreated": 1.0} == read_mix(" SaleCreated = 3, CustomerCreated,")


@pytest.mark.parametrize("text", ["SaleCreated=x", "SaleCreated=0", "SaleCreated=-1", "SaleCreated=nan", " , "])
def test_a_mix_that_says_nothing_is_refused(text: str) -> None:
    """Each weight is a number above 0."""
    with pytest.raises(BadInput, match="--mix: expected TYPE=WEIGHT"):
        read_mix(text)


def test_an_outage_is_the_middle_third_unless_given() -> None:
    """Of a run of 30 s, 10 to 20; with only a beginning, a third of the run from there; other plans have none."""
    assert Outage(10, 20) == load(DOWNTIME).outage
    assert Outage(2, 12) == load(DOWNTIME, down_from=2.0).outage
    assert Outage(2, 3) == load(DOWNTIME, down_from=2.0, down_to=3.0).outage
    assert NO_OUTAGE == load(STEADY).outage


def test_workers_read_what_the_master_has_fixed() -> None:
    """A worker does not know the run's time, so the master writes the outage that follows from it into the options."""
    fixed = load(DOWNTIME, run_time=60)
    fixed.fix()
    fixed.options.run_time = None
    assert Outage(20, 40) == fixed.outage


def test_a_seed_is_drawn_unless_given() -> None:
    """Two runs differ, for a receiver must not take the second's sales for the first's; a seed that is given stays."""
    drawn = [load(seed=None) for _ in range(2)]
    for each in drawn:
        each.check()
        each.fix()
    assert drawn[0].options.seed != drawn[1].options.seed
    given = load(seed=7)
    given.fix()
    assert 7 == given.options.seed


def test_users_may_end_what_they_have_begun() -> None:
    """The stop timeout is longer than an answer may take, unless the user says otherwise; a lease is longer still."""
    assert load().options.answer_timeout < load().stop_timeout_s < load().ttl_s
    assert 1.0 == load(stop_timeout=1.0).stop_timeout_s


def test_a_plan_breaks_by_its_shares_or_its_outage() -> None:
    """Only then may a run without an answer be our doing."""
    assert not load(STEADY).breaks
    assert load(STEADY, lost_share=0.1).breaks
    assert load(LOST_ANSWERS).breaks
    assert load(DOWNTIME).breaks
    assert Shares(lost=0.1) == load(LOST_ANSWERS).shares


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"receiver": ""}, "expected --receiver URL"),
        ({"observe_sink": "erp"}, "expected --simulator too"),
        ({"seed": -1}, "--seed: expected 0 to"),
        ({"pace": -1.0}, "--pace: expected 0 or more"),
        ({"answer_timeout": 0.0}, "--answer-timeout: expected more than 0"),
        ({"lease_ttl": 5.0}, "--lease-ttl: expected more than --answer-timeout"),
        ({"lost_share": 1.5}, "--lost-share: expected 0 to 1"),
        ({"mix": "x=0"}, "--mix: expected"),
        ({"tls_ca": "nowhere.pem"}, "tls-ca: expected a PEM file of certificates, got nowhere.pem"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_begins(options: dict[str, object], said: str) -> None:
    """Each option by its name, with what was expected."""
    with pytest.raises((BadInput, Unusable), match=said):
        load(**options).check()


def test_a_bad_outage_is_refused() -> None:
    """Its end lies behind its beginning."""
    with pytest.raises(BadInput, match="--down-from"):
        load(DOWNTIME, down_from=5.0, down_to=4.0).check()
