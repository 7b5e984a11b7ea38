"""Ports: fixed by a person, remembered, or the next free one; and who has one that is taken."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import psutil

from kb_contract.errors import BadSetting

LAST_PORT = 65_535


@dataclass(frozen=True)
class PortWish:
    """What is wanted for one part."""

    part: str
    setting: str
    host: str
    preferred: int | None
    fixed: bool


def is_free(host: str, port: int) -> bool:
    """Say whether we could listen there, and nobody else does on every address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    with socket.socket(family) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) != 0


def any_free(host: str) -> int:
    """Return a port that the system picks."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def user_of(port: int) -> str:
    """Name the process that listens there, as far as we may see."""
    try:
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.pid and tuple(one.laddr)[1:2] == (port,):
                return f"{psutil.Process(one.pid).name()} (pid {one.pid})"
    except psutil.Error:  # not ours to look at
        return "another process"
    return "another process"


def choose(wish: PortWish, remembered: int | None, say: Callable[[str], None]) -> int:
    """Return the port to use; say when it is not the one that was wanted."""
    wanted = wish.preferred if wish.fixed else (remembered or wish.preferred)
    if wanted is None:
        return any_free(wish.host)
    if is_free(wish.host, wanted):
        return wanted
    if wish.fixed:
        raise BadSetting(
            f"{wish.setting}={wanted}: the port is used by {user_of(wanted)}",
            where=wish.part,
            cure=f"stop that process, or give {wish.setting} another value",
        )
    if wish.preferred is None:
        return any_free(wish.host)
    port = next(one for one in count(wanted + 1) if one > LAST_PORT or is_free(wish.host, one))
    say(f"{wish.part}: port {wanted} is used by {user_of(wanted)}, so it is {port}")
    return port
