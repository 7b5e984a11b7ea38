"""Addresses of this machine alone, where a key in the clear is heard by nobody else."""

import ipaddress
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Tell whether an address is this machine's own."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def key_may_go_to(url: str) -> Generator[None]:
    """Keep Qdrant's client from warning of a key over http, on loopback only."""
    with warnings.catch_warnings():
        if is_loopback(url):
            warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
        yield
