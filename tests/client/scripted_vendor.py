"""A vendor's API of which a test decides what each resend comes to, and what its caller is answered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from frontsim.client.http import FrontSystems
from frontsim.client.reconcile import ReconcileResult, reconcile

Deliver = Callable[[dict[str, Any]], httpx.Response]


def taken(event: dict[str, Any]) -> httpx.Response:
    """The resend is made, and the receiver takes it."""
    event.update(success=True, statusCode=200, status="OK", runsCounter=event["runsCounter"] + 1)
    return httpx.Response(200, json=event)


def refused(event: dict[str, Any]) -> httpx.Response:
    """The resend is made, and the receiver does not take it."""
    event.update(runsCounter=event["runsCounter"] + 1)
    return httpx.Response(200, json=event)


def taken_but_lost(event: dict[str, Any]) -> httpx.Response:
    """The resend is made and taken; the API's own answer is lost."""
    taken(event)
    raise httpx.ReadTimeout("lost")


def refused_but_lost(event: dict[str, Any]) -> httpx.Response:
    """The resend is made and not taken; the API's own answer is lost."""
    refused(event)
    raise httpx.ReadError("lost")


def never_made(_: dict[str, Any]) -> httpx.Response:
    """The call is lost on its way."""
    raise httpx.ReadError("lost")


def unreachable(_: dict[str, Any]) -> httpx.Response:
    """No API listens there."""
    raise httpx.ConnectError("refused")


def unreadable(event: dict[str, Any]) -> httpx.Response:
    """The resend is made and taken; the answer is a page."""
    taken(event)
    return httpx.Response(200, text="<html>")


def later(event: dict[str, Any]) -> httpx.Response:
    """The API answers before the resend is made; then the receiver does not take it."""
    before = dict(event)
    refused(event)
    return httpx.Response(200, json=before)


def answer(status: int, **headers: str) -> Callable[[dict[str, Any]], httpx.Response]:
    """The API answers with that status and does nothing."""
    return lambda _: httpx.Response(status, headers={name.replace("_", "-"): text for name, text in headers.items()})


@dataclass
class Vendor:
    """A log of failed events, and what each resend of each becomes; the last answer goes on for ever."""

    script: dict[str, list[Deliver]]
    lists: list[Deliver] = field(default_factory=list)
    looks: list[Deliver] = field(default_factory=list)
    resends: list[str] = field(default_factory=list)
    asked: list[httpx.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    counter: bool = True
    more: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.events = {name: self.failed(name) for name in self.script}

    def failed(self, name: str) -> dict[str, Any]:
        return {
            "webhookEventId": name,
            "success": False,
            "statusCode": 503,
            "runsCounter": 1,
            **self.more.get(name, {}),
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        name = request.url.path.rsplit("/", 1)[1]
        if request.method == "POST":
            self.resends.append(name)
            steps = self.script[name]
            return (steps.pop(0) if len(steps) > 1 else steps[0])(self.events[name])
        if name == "w":
            if self.lists and (step := self.lists.pop(0)) is not None:
                return step({})
            return httpx.Response(200, json=[each for each in self.events.values() if not each["success"]])
        if self.looks and (step := self.looks.pop(0)) is not None:
            return step({})
        shown = dict(self.events[name])
        if not self.counter:
            del shown["runsCounter"]
        return httpx.Response(200, json=shown)

    def reconciled(self, **options: Any) -> ReconcileResult:
        api = FrontSystems(
            "http://shop.example", api_key="k", subscription_key="s", transport=httpx.MockTransport(self)
        )
        return reconcile(
            api,
            "w",
            from_="2021-12-01",
            to="2021-12-15",
            sleep=self.slept.append,
            say=self.said.append,
            **options,
        )
