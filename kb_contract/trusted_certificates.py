"""Whom clients trust over TLS, read once: reading the certificates takes 50 ms of a core."""

import os
import ssl
from functools import cache

import certifi


@cache
def trusted_certificates() -> ssl.SSLContext:
    """Return what a client of httpx makes anew each time: its own list, or the one that is named."""
    named = {key: os.environ.get(key) for key in ("SSL_CERT_FILE", "SSL_CERT_DIR")}  # noqa: TID251 - a library's switches
    file, folder = named["SSL_CERT_FILE"], named["SSL_CERT_DIR"]
    return ssl.create_default_context(
        cafile=file or (None if folder else certifi.where()), capath=None if file else folder
    )
