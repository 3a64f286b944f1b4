"""A transport in place of the network: it answers what a test tells it to, and keeps what was asked."""

import json
from typing import Any

import httpx


class ScriptedTransport:
    """Answers every request with the next of its answers and keeps what was asked."""

    def __init__(self, *answers: Any) -> None:
        self.asked: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(200, json=self._answers.pop(0) if self._answers else None)

    @property
    def lines(self) -> list[str]:
        return [f"{each.method} {each.url.raw_path.decode()}" for each in self.asked]

    def body(self, place: int = -1) -> Any:
        return json.loads(self.asked[place].content)
