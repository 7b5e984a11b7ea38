"""A reader that does what the document says: it dies, hangs, takes memory, reaches out.

What came of it is the document's title.
"""

import os
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

from dagster_kb.chunking.sections import ChunkDraft
from dagster_kb.chunking.tokens import TokenCounter
from dagster_kb.intake.parsing_child import Asked
from dagster_kb.readers.reading import ReadDocument
from kb_contract.errors import BadDocument


def read(asked: Asked, count: TokenCounter) -> ReadDocument:
    text = asked.data.decode()
    order, _, about = text.partition(" ")
    said = _DEEDS.get(order, lambda one: one)(about)
    draft = ChunkDraft(0, ("T",), 0, len(text), text, count(text))
    facts = {"pid": os.getpid()}
    return ReadDocument(f"{order}: {said}", facts, "published", "text/plain", [draft])


def _die(name: str) -> str:
    os.abort() if name == "abort" else os.kill(os.getpid(), getattr(signal, name))
    return "still here"


def _spin(_: str) -> str:
    while True:
        pass


def _hang(_: str) -> str:
    time.sleep(3600)
    return "awake"


def _eat(_: str) -> str:
    eaten = [bytearray(50_000_000) for _ in range(100)]
    return str(len(eaten))


def _grow(megabytes: str) -> str:
    _kept.append(bytearray(int(megabytes) * 1_000_000))
    return megabytes


def _sleep(seconds: str) -> str:
    time.sleep(float(seconds))
    return seconds


def _refuse(why: str) -> str:
    raise BadDocument(why, where="line 1", cure="mend it")


def _fail(why: str) -> str:
    raise ValueError(why)


def _try(what: str) -> str:
    """Try what no document may cause; tell what came of it."""
    try:
        found = _REACHES[what.split(" ")[0]](what.partition(" ")[2])
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return f"{type(error).__name__}: {error}"
    return f"done: {found!r}"


def _connect(_: str) -> object:
    return socket.create_connection(("127.0.0.1", 9), timeout=1)


def _write_by_descriptor(path: str) -> object:
    with Path("/proc/self/statm").open() as opened:
        return os.open(f"/proc/self/fd/{opened.fileno()}", os.O_RDWR)


_kept: list[bytearray] = []
_DEEDS = {
    "die": _die, "spin": _spin, "hang": _hang, "eat": _eat, "grow": _grow, "sleep": _sleep,
    "refuse": _refuse, "fail": _fail, "try": _try, "surrogate": lambda _: "\ud800",
    "nul": lambda _: "a\0b", "long": lambda size: "x" * int(size),
    "env": lambda _: str(sorted(os.environ)), "modules": lambda _: _heavy(),
    "limits": lambda _: str(resource.getrlimit(resource.RLIMIT_AS)),
}  # fmt: skip
_REACHES = {
    "connect": _connect,
    "resolve": lambda _: socket.getaddrinfo("localhost", 80),
    "read": lambda path: Path(path).read_text(),
    "list": os.listdir,
    "write": lambda path: Path(path).write_text("x"),
    "rewrite": _write_by_descriptor,
    "run": lambda path: subprocess.run(["touch", path], check=True),
    "shell": lambda path: os.system(f"touch {path}"),  # noqa: S605 - it must not work
    "fork": lambda _: os.fork(),
    "kill": lambda pid: os.kill(int(pid), 0),
    "remove": os.remove,
}


def _heavy() -> str:
    import sys

    return str(
        sorted({"torch", "dagster", "transformers", "langgraph", "psycopg"} & set(sys.modules))
    )
