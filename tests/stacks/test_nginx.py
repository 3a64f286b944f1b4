"""Receivers of the registry behind a real nginx: right ones are verified with its usual settings, wrong ones found."""

import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.request import Request
from tests.stacks import brokers
from tests.stacks.test_stacks import LIMITS, SEEDS
from tests.support.ports import free_port
from tests.support.receiver import command
from tests.verification.laboratory import play

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("nginx")]

LISTED = tomllib.loads((Path(__file__).parent / "receivers.toml").read_text())["receiver"]
BEHIND_NGINX = [each for each in LISTED if each["stacks"] == ["nginx"]]
PLAYED = [
    "big-payload", "storm", "duplicate-race", "lost-response", "restart-then-resend", "crash-mid-request",
    "crash-after-ack",
]  # fmt: skip
"""Where nginx makes a difference: large bodies, many connections at once, a receiver that is away."""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("listed", BEHIND_NGINX, ids=lambda listed: str(listed["name"]))
def test_the_receiver_behind_nginx_is_judged_rightly(listed: Mapping[str, Any], seed: int, tmp_path: Path) -> None:
    """nginx listens before the receiver does, and answers 502 until then; its limits are the receiver's."""
    receiver = free_port()
    directives = {name: listed[name] for name in ("server", "upstream") if name in listed}
    port, nginx = brokers.nginx(tmp_path, receiver, **directives)
    behind = shlex.join(command(listed["receiver"], tmp_path / "receiver.db", port=receiver))
    request = Request(
        f"http://127.0.0.1:{port}/hook",
        observe_url=f"http://127.0.0.1:{port}/effects",
        receiver_cmd=f"{shlex.join(nginx)} & exec {behind}",
        events=["SaleCreated", "CustomerUpdated", "StockCountReconciled"],
        limits=LIMITS,
    )
    classes = frozenset(listed.get("classes", ()))
    for played in play(request, *listed.get("found_by", PLAYED), seed=seed):
        found = {str(each.class_) for each in played.judgement.findings}
        expected = Verdict.VIOLATED if classes else Verdict.VERIFIED
        told = (played.scenario.name, played.judgement.reason, played.judgement.findings[:2])
        assert expected is played.judgement.verdict, told
        assert found <= classes, told
        assert listed.get("says", "") in " ".join(played.judgement.notes)
