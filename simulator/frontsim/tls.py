"""The TLS settings of deliveries, and of everything else that talks to a receiver."""

import ssl
from pathlib import Path

from frontsim.errors import Unusable


def tls_context(*, verify: bool, ca: Path | None) -> ssl.SSLContext:
    """The TLS settings of every delivery. Takes some 20 ms where certificates are checked.

    Args:
        verify: check a receiver's certificate and its name.
        ca: a PEM file of authorities to trust in addition to the system's.

    Raises:
        Unusable: the file cannot be read, or holds no certificate.
    """
    context = ssl.create_default_context() if verify else _without_verification()
    context.set_alpn_protocols(["http/1.1"])
    if ca is None:
        return context
    try:
        context.load_verify_locations(cafile=ca)
    except OSError as error:  # ssl.SSLError, for a file without a certificate, is one too
        raise Unusable(f"tls-ca: expected a PEM file of certificates, got {ca}: {error.strerror or error}") from error
    return context


def _without_verification() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
