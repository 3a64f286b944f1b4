"""Wiring only: who is trusted, a receiver's TLS in each of its versions, and connections that stay open."""

import ssl
from pathlib import Path

import pytest

from frontsim.delivery import webhook_sender
from frontsim.domain.delivery_request import tls_context
from tests.support.authority import Authority
from tests.support.patience import PATIENCE_S


@pytest.fixture(autouse=True)
def _keeps_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may pause for longer than a connection to a server that may have one thread is kept."""
    monkeypatch.setattr(webhook_sender, "ALONE_S", PATIENCE_S)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def trust(authority: Authority) -> ssl.SSLContext:
    """Our side: what a sender trusts."""
    return tls_context(verify=True, ca=authority.file)


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"])
def receiver(request: pytest.FixtureRequest, authority: Authority) -> ssl.SSLContext:
    """A receiver's side, that speaks one version only."""
    context = authority.receiver()
    context.minimum_version = context.maximum_version = request.param
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context
