"""A certificate of nobody's for the names of Discord's and the provider's hosts, and its trust."""

import ssl
from pathlib import Path

CERTIFICATE, KEY = (Path(__file__).with_name(name) for name in ("certificate.pem", "key.pem"))


def of_a_server() -> ssl.SSLContext:
    """What a server shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    return context


def of_a_client() -> ssl.SSLContext:
    """What trusts it, and checks the name."""
    return ssl.create_default_context(cafile=CERTIFICATE)
