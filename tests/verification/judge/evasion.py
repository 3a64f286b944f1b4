"""Events of a right receiver with real payloads, and the forms in which it may keep them."""

import unicodedata
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import orjson

from frontsim import catalog
from frontsim.domain.model import Outcome, Trigger
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.profiles import ADVERSARIAL
from frontsim.verification.effects.content import moment
from frontsim.verification.effects.history import Effect, Entity, EventFact, History, Observation, Run

IDENTITIES = {"SaleCreated": "saleId", "StockMovementCreated": "movementId", "CustomerCreated": "customerId"}
OSLO = ZoneInfo("Europe/Oslo")
ANSWERED = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 10)
LOST_ANSWER = Run(1, Trigger.ORIGINAL, Outcome.UNKNOWN, "Timeout", None, 10, faulted=True)
RESENT = Run(2, Trigger.RESEND, Outcome.ANSWERED, "OK", 200, 20)


@cache
def payload(type_, number):
    """A payload as the vendor sends it, in turns a typical and an adversarial one."""
    profile = {"profile": ADVERSARIAL} if number % 2 else {}
    return orjson.loads(Payloads(catalog.load(), seed=5).build(type_, number, **profile).body)


@cache
def events(number=6):
    """So many events of each of three types; each third one lost its first answer."""
    return tuple(
        EventFact(
            f"webhook-{type_}",
            f"{type_}-{each}",
            type_,
            (ANSWERED,) if each % 3 else (LOST_ANSWER, RESENT),
            entity=Entity(path, str(payload(type_, each)[path])),
            payload=payload(type_, each),
        )
        for type_, path in IDENTITIES.items()
        for each in range(number)
    )


def history(effects, sent=None, **facts):
    return History("steady", sent or events(), observer="a list", final=Observation(9, tuple(effects)), **facts)


def copies(form, sent=None):
    """A receiver that keeps the payload in this form."""
    return [kept(event, payload=form(event.payload)) for event in sent or events()]


def kept(event, **row):
    return Effect(event.webhook_event_id, {"webhookEventId": event.webhook_event_id, **row})


def each_value(change):
    """A form that makes something of every single value, of which it also gets the name of the key."""

    def form(value, name=""):
        if isinstance(value, dict):
            return {key: form(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [form(inner, name) for inner in value]
        return change(value, name)

    return form


def of_kind(kind, change):
    """A form that changes the values of one kind: numbers, flags, texts, or date-times."""
    kinds = {
        "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
        "flag": lambda value: isinstance(value, bool),
        "text": lambda value: isinstance(value, str) and moment(value) is None,
        "time": lambda value: isinstance(value, str) and moment(value) is not None,
    }
    return each_value(lambda value, _: change(value) if kinds[kind](value) else value)


def in_utc(text, *, zone=""):
    return datetime.fromisoformat(text).replace(tzinfo=OSLO).astimezone(UTC).replace(tzinfo=None).isoformat() + zone


def reordered(value):
    """Keys and lists the other way round."""
    if isinstance(value, dict):
        return {name: reordered(value[name]) for name in reversed(value)}
    return [*map(reordered, reversed(value))] if isinstance(value, list) else value


def without_empty(value):
    if isinstance(value, dict):
        inner = {name: without_empty(each) for name, each in value.items()}
        return {name: each for name, each in inner.items() if each not in (None, "", [], {})}
    return [*map(without_empty, value)] if isinstance(value, list) else value


def shifted(text, by=timedelta(hours=1)):
    return (datetime.fromisoformat(text) + by).isoformat()


RIGHT = {
    "as it was sent": lambda value: value,
    "as JSON": lambda value: orjson.dumps(value).decode(),
    "numbers as texts": of_kind("number", str),
    "numbers with a comma": of_kind("number", lambda value: str(value).replace(".", ",")),
    "numbers as long floats": of_kind("number", lambda value: value + 1e-10),
    "flags as numbers": of_kind("flag", int),
    "flags as words": of_kind("flag", lambda value: "Y" if value else "N"),
    "without what is empty": without_empty,
    "null as an empty text": each_value(lambda value, _: "" if value is None else value),
    "empty texts as null": each_value(lambda value, _: None if value == "" else value),
    "other normal form": of_kind("text", lambda value: unicodedata.normalize("NFD", value)),
    "trimmed": of_kind("text", str.strip),
    "other line ends": of_kind("text", lambda value: value.replace("\r\n", "\n").replace("\n", "\r\n")),
    "ids in upper case": each_value(lambda value, name: value.upper() if value and name.endswith("Guid") else value),
    "ids without dashes": each_value(
        lambda value, name: value.replace("-", "") if value and name.endswith("Guid") else value
    ),
    "in another order": reordered,
    "times cut to the second": of_kind("time", lambda value: value[:19]),
    "times in UTC": of_kind("time", in_utc),
    "times in UTC with a zone": of_kind("time", lambda value: in_utc(value, zone="Z")),
    "times with the vendor's zone": of_kind("time", lambda value: moment(value).replace(tzinfo=OSLO).isoformat()),
    "times an hour ahead": of_kind("time", shifted),
}
"""The closed list: each may stand alone or with the others."""

REWRITTEN = {
    "cents": each_value(lambda value, name: round(value * 100, 6) if name in ("total", "vatTotal") else value),
    "codes in lower case": each_value(lambda value, name: value.lower() if value and name == "sku" else value),
    "dates alone": of_kind("time", lambda value: value[:10]),
    "masked": each_value(lambda value, name: "***" if value and name in ("email", "lastName") else value),
    "without lines": lambda value: {name: each for name, each in value.items() if name != "paymentLines"},
    "0 left out": lambda value: {name: each for name, each in value.items() if each or each is None},
}
"""Rewritings that hold for every value of a field, and are notes."""
