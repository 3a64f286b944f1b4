"""The TLS settings of what talks to a receiver; tests/delivery holds them on real connections."""

import ssl
from pathlib import Path

import pytest

from frontsim.domain.delivery_request import tls_context
from frontsim.errors import Unusable


def test_certificates_and_names_are_checked_unless_turned_off() -> None:
    checking, trusting = tls_context(verify=True, ca=None), tls_context(verify=False, ca=None)
    assert (ssl.CERT_REQUIRED, True) == (checking.verify_mode, checking.check_hostname)
    assert (ssl.CERT_NONE, False) == (trusting.verify_mode, trusting.check_hostname)


@pytest.mark.parametrize(("text", "why"), [(None, "No such file"), ("no certificate", "")])
def test_a_file_that_is_no_authority_is_refused_by_its_name(tmp_path: Path, text: str | None, why: str) -> None:
    """Before anything is sent, also where certificates are not checked."""
    ca = tmp_path / "ca.pem"
    if text is not None:
        ca.write_text(text)
    for verify in (True, False):
        with pytest.raises(Unusable, match=rf"tls-ca: expected a PEM file of certificates, got .*ca\.pem: .*{why}"):
            tls_context(verify=verify, ca=ca)
