"""Where a call may go: a host is resolved once, each of its addresses is looked at, and one is used."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from kb_contract.errors import BadInput

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
PORTS: Final = 65_536
LONGEST_HOST: Final = 254
_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_WAYS_TO_V4: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


@dataclass(frozen=True)
class Place:
    """A URL whose host is an address that was looked at, and the name that it stands for."""

    url: httpx.URL
    host: str
    """As the Host header and TLS say it."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def safe_place(url: str, *, allow_private: bool, ask: Resolve = resolve) -> Place:
    """Return where to call; raises when any address of the host is not of the open internet."""
    parsed = checked_url(url, allow_private=allow_private)
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    try:
        addresses = await ask(parsed.host, port)
    except (OSError, UnicodeError) as error:
        raise ConnectionError(f"{parsed.host} cannot be resolved: {error}") from error
    if not addresses:
        raise ConnectionError(f"{parsed.host} has no address")
    inside = [one for one in addresses if not is_public(one)]
    if inside and not allow_private:
        raise _refused(f"{parsed.host} is {inside[0]}, which is not on the open internet", url)
    return Place(parsed.copy_with(host=addresses[0]), parsed.netloc.decode("ascii"))


def refuse_inside(url: str, *, allow_private: bool) -> None:
    """Refuse what can be seen to be wrong before anything is resolved; `safe_place` looks again."""
    parsed = checked_url(url, allow_private=allow_private)
    if allow_private:
        return
    try:
        written = str(ipaddress.ip_address(parsed.host))
    except ValueError:
        written = "127.0.0.1" if parsed.host in ("localhost", "localhost.") else None
    if written is not None and not is_public(written):
        raise _refused(f"{parsed.host} is not on the open internet", url)


def is_public(address: str) -> bool:
    """Whether an address is of the open internet, whichever way it is written."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None,))[0]
        if inner is not None:
            return _is_global(inner)
        if any(found in network for network in _WAYS_TO_V4):
            return _is_global(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
        if found.is_site_local:
            return False
    return _is_global(found)


def _is_global(found: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def checked_url(url: str, *, allow_private: bool) -> httpx.URL:
    """Read a URL as far as nobody has to be asked for it; raises when it could never be called."""
    try:
        parsed = httpx.URL(url)
        host = parsed.host  # it is read when it is asked for
    except (httpx.InvalidURL, UnicodeError) as error:
        raise _refused(f"it is no URL: {error}", url) from error
    schemes = {"https", "http"} if allow_private else {"https"}
    if parsed.scheme not in schemes or not host:
        raise _refused(f"a webhook is called by {' or '.join(sorted(schemes))}", url)
    if parsed.userinfo:
        raise _refused("names and passwords do not belong in a URL", url.split("@")[-1])
    if not _can_be_a_host(parsed.raw_host.decode("ascii")):
        raise _refused("its host can be no host's name", url)
    if not 0 < (parsed.port or 443) < PORTS:
        raise _refused(f"there is no port {parsed.port}", url)
    return parsed


def _can_be_a_host(name: str) -> bool:
    """By the lengths and letters of DNS; resolvers fail in their own ways on anything else."""
    if ":" in name:
        return not name.partition("%")[2] and _is_address(name)
    labels = name.removesuffix(".").split(".")
    return len(name) <= LONGEST_HOST and all(_LABEL.fullmatch(one) for one in labels)


def _is_address(text: str) -> bool:
    """Whether this is an IP address, written in the one usual way."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _refused(what: str, url: str) -> BadInput:
    return BadInput(
        what,
        where=f"webhook {url[:200]}",
        cure="name a host on the open internet, or set NOTIFY_PRIVATE_ADDRESSES=true if it is yours",
    )
