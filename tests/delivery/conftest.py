"""Wiring only: who is trusted, and a receiver's TLS in each of its versions."""

import ssl
from pathlib import Path

import pytest

from frontsim.domain.target import tls_context
from tests.support.authority import Authority


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
