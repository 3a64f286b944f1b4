from dataclasses import replace

import pytest

from frontsim.explore.grammar import OLDER_STATES, Update, Vocabulary, why_illegal
from frontsim.verification.dependency.breakage import DependencyFault
from frontsim.verification.effects.history import Expect
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import (
    Advance,
    BreakDependency,
    Clear,
    Crash,
    CrashPoint,
    Drain,
    InjectFault,
    Observe,
    Raise,
    Reconcile,
    Resend,
    Restart,
    Wait,
)

VOCABULARY = Vocabulary(
    ("SaleCreated", "CustomerUpdated"),
    {"CustomerUpdated": Update(("customerId",), "updatedDateTime")},
    frozenset(["SaleCreated"]),
    kills=True,
    dependencies=("db",),
)
SALE = Raise(["SaleCreated"], label="a")
LATER = Raise(["SaleCreated"], label="b")
BROKEN = Raise(["SaleCreated"], label="a", expect=Expect.REFUSED)
HIDDEN = Raise(["SaleCreated"], label="a", expect=Expect.EITHER)
LOST, GARBAGE = InjectFault("lost-response"), InjectFault("garbage-json")
NULLS = InjectFault("null-optional", tolerable=True)
UNKNOWN = InjectFault("unknown-event", tolerable=True)
FIRST = InjectFault("refuse", match={"run": 1})
AGAIN = InjectFault("lost-response", match={"trigger": "Resend"})
RESENDING = InjectFault("api-lost-response", match={"operation": "deliverWebhookEvent"}, times=1)


def state(label, minute, **keys):
    """A state of a customer."""
    return Raise(["CustomerUpdated"], label=label, set={"updatedDateTime": f"2026-08-01T10:0{minute}:00"}, **keys)


def newer(label, minute, of):
    """A newer state of the same customer."""
    return state(label, minute, same_as=of, keep=["customerId"])


NEWER, OLDER = next((each.newer, each.older) for each in OLDER_STATES if each.newer.events == ["CustomerUpdated"])


def older(label, of):
    """An older state of the same customer, as a bundled scenario has it."""
    return replace(OLDER, label=label, same_as=of, older_than=of)


def why(*steps, webhooks=1, vocabulary=VOCABULARY):
    return why_illegal(Scenario("s", "b.", "h.", steps, webhooks=webhooks), vocabulary)


@pytest.mark.parametrize(
    "steps",
    [
        (SALE,),
        (LOST, SALE, Drain(), Clear(), Reconcile(), Resend(label="a", times=3)),
        (FIRST, AGAIN, SALE, Drain(), Resend(), Drain(), Clear()),
        (SALE, RESENDING, Resend(), Clear()),
        (SALE, Drain(), Reconcile(), NULLS, LATER, Drain(), Reconcile(), Clear(), Resend(label="a")),
        (GARBAGE, BROKEN, Drain(), Resend(label="a"), Drain(), Observe(), Clear(), Reconcile(), LOST, LATER, Clear()),
        (UNKNOWN, HIDDEN, Drain(), Reconcile(), Clear()),
        (state("a", 1), Drain(), LOST, newer("b", 2, "a"), Drain(), Clear(), Resend()),
        (replace(NEWER, label="a"), Drain(), LOST, older("b", "a"), Drain(), Clear(), Resend()),
        (SALE, Restart(), Drain(), Reconcile(), Crash(CrashPoint.ANSWER_READ, events=["SaleCreated"]), Reconcile()),
        (BreakDependency(DependencyFault.DOWN, dependency="db"), SALE, Drain(), Clear(), Reconcile()),
    ],
)
def test_what_a_right_receiver_survives_is_legal(steps):
    """Each of them happens to an integration."""
    assert "" == why(*steps)


@pytest.mark.parametrize(
    ("told", "steps"),
    [
        ("a step that sends events", (Wait(0.1),)),
        ("a step that sends events", ()),
        ("something to break", (SALE, LOST)),
        ("something to break", (SALE, LOST, Clear())),
        ("something to break", (AGAIN, SALE)),
        ("something to break", (SALE, Drain(), FIRST, Resend())),
        ("something to break", (SALE, RESENDING, Reconcile())),
        ("one fault for each delivery", (LOST, InjectFault("refuse"), SALE)),
        ("one fault for each delivery", (FIRST, FIRST, SALE)),
        ("a fault to end", (SALE, Clear())),
        ("one named type", (Raise("some", label="a"),)),
        ("a type that the receiver books", (Raise(["InvoiceCreated"]),)),
        ("a label of its own", (SALE, SALE)),
        ("events that are expected once", (BROKEN,)),
        ("events that are expected refused", (GARBAGE, SALE)),
        ("events that are expected either", (UNKNOWN, SALE)),
        ("an earlier label", (SALE, Resend(label="z"))),
        ("events to resend", (Resend(),)),
        ("nothing else that is broken", (SALE, NULLS, LATER, Clear())),
        ("a resend job before bodies change", (SALE, Reconcile(), Drain(), NULLS, LATER, Clear())),
        ("a resend job before bodies change", (SALE, Drain(), NULLS, LATER, Clear())),
        ("a fault on all bodies", (InjectFault("garbage-json", times=1), BROKEN)),
        ("tolerable", (InjectFault("null-optional"), SALE)),
        ("a resend of the changed events alone", (NULLS, SALE, Drain(), Resend(), Clear())),
        ("no values where nulls were sent", (NULLS, SALE, Drain(), Clear(), Resend())),
        ("no values where nulls were sent", (NULLS, SALE, Drain(), Clear(), LATER, Drain(), Resend(label="a"))),
        ("no resend job while bodies are broken", (GARBAGE, BROKEN, Drain(), Reconcile(), Clear())),
        ("a look at broken bodies", (SALE, Observe())),
        ("a resend job after broken bodies", (GARBAGE, BROKEN, Drain(), Clear(), LOST, LATER)),
        ("sound resends", (GARBAGE, BROKEN, Drain(), Clear(), Reconcile(), LOST, Resend())),
        (
            "no sound resend of a broken body before the look",
            (
                *(GARBAGE, BROKEN, Drain(), Clear(), Reconcile()),
                *(GARBAGE, replace(BROKEN, label="b"), Drain(), Observe(), Clear()),
            ),
        ),
        ("an API that recovers", (SALE, InjectFault("api-error", match=RESENDING.match))),
        ("calls that resend", (SALE, InjectFault("api-error", match={"operation": "listWebhookEvents"}, times=1))),
        ("a newer state of what has arrived", (state("a", 1), newer("b", 2, "a"))),
        ("a newer state of what has arrived", (LOST, state("a", 1), Drain(), newer("b", 2, "a"))),
        ("a newer state of what has arrived", (state("a", 2), Drain(), newer("b", 1, "a"))),
        ("a newer state that has arrived", (replace(NEWER, label="a"), older("b", "a"))),
        ("a known older state", (state("a", 1), Drain(), older("b", "a"))),
        ("a known older state", (replace(NEWER, label="a"), Drain(), replace(older("b", "a"), set={}))),
        ("an earlier event of the same type", (SALE, Drain(), newer("b", 1, "a"))),
        ("nothing under way before a kill", (SALE, Crash(CrashPoint.ACCEPTED, events=["SaleCreated"]))),
        ("nothing broken beside a kill", (GARBAGE, BROKEN, Drain(), Restart(), Clear())),
        ("what happens once", (Crash(CrashPoint.ACCEPTED, events=["CustomerUpdated"]),)),
        ("a dependency that can be broken", (BreakDependency(DependencyFault.DOWN, dependency="mq"), SALE)),
        ("shorter waits", (SALE, Wait(60.0))),
        ("fewer deliveries", (Raise(["SaleCreated"], count=1000),)),
        ("fewer deliveries", (Raise(["SaleCreated"], count=120), Resend())),
        ("a step that a schedule may have", (SALE, Advance(60.0))),
        ("at most 24 steps", (SALE, *[Drain()] * 24)),
    ],
)
def test_what_would_accuse_a_right_receiver_is_not(told, steps):
    """The text says what was expected."""
    assert told in why(*steps)


def test_the_receiver_decides_what_can_be_drawn():
    """One that cannot be killed is not, and an update needs one webhook: of two, either may come first."""
    harmless = Vocabulary(("SaleCreated",))
    assert "a receiver that can be killed" in why(SALE, Restart(), vocabulary=harmless)
    assert "what happens once" in why(state("a", 1), Drain(), newer("b", 2, "a"), webhooks=2)
