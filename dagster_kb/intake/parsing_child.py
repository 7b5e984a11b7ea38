"""A process that reads documents, one after the other, and may die of any of them.

Started by `parsing_children` as `python -m dagster_kb.intake.parsing_child <descriptor>`. What it is told
comes from its parent and is pickled; what it tells has touched documents and is JSON.
"""

import os
import pickle
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, cast

from pydantic import TypeAdapter

from dagster_kb.chunking.tokens import TokenCounter
from dagster_kb.intake.parsing_limits import ParsingLimits, begin, confine, end
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.reading import ReadDocument, chunk_document, parse_document, within_bounds
from dagster_kb.readers.reading_rules import ReadingRules
from kb_contract.errors import BadDocument, ScriptoriumError
from kb_contract.loaded_code import leave_out_what_is_loaded

READY: Final = b"ready"
_SMALL_PDF: Final = 0.25
_HALVES: Final = re.compile("[\ud800-\udfff]")
_MEMORY: Final = re.compile(rb"^Vm(HWM|Size):\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True)
class Asked:
    """A document to read."""

    path: str
    data: bytes
    rules: ReadingRules

    @property
    def is_pdf(self) -> bool:
        return self.path.lower().endswith(".pdf")

    @property
    def may_ocr(self) -> bool:
        return bool(self.rules.pdf_ocr) and self.is_pdf

    def seconds(self, limits: ParsingLimits) -> float:
        return limits.ocr_seconds if self.may_ocr else limits.seconds + self._more(limits)

    def cpu_seconds(self, limits: ParsingLimits) -> int:
        return limits.cpu_seconds + self._more(limits)

    def _more(self, limits: ParsingLimits) -> int:
        """Seconds for the many pages of a long PDF; a trap that is padded buys few."""
        beyond = len(self.data) / 1e6 - _SMALL_PDF if self.is_pdf else 0.0
        more = int(max(0.0, beyond) * limits.pdf_seconds_per_megabyte)
        return min(more, limits.most_pdf_seconds)


@dataclass(frozen=True)
class Reading:
    """What became of a document; exactly one of the first five is there."""

    document: ReadDocument | None = None
    parsed: ParsedDocument | None = None
    """Not yet cut."""
    refusal: str | None = None
    """What is wrong with the document: it will be so whoever reads it."""
    failure: str | None = None
    """What is wrong with us: the reader's mistake, which a newer one may not make."""
    stopped: str | None = None
    """How it met the limits."""
    by_clock: bool = False
    """Stopped by the clock alone: the machine may have been busy."""
    out_of_memory: bool = False
    """Stopped for want of memory, as far as can be told."""
    seconds: float = 0.0
    waited: float = 0.0
    """Of these, seconds in which no core was free: they are not the document's."""
    peak_bytes: int = 0
    """The most that the process ever took, this document or an earlier one."""
    held_bytes: int = 0
    """What the process holds afterwards, of address space."""


_EMPTY: Final = Reading()
Read = Callable[[Asked, TokenCounter], ReadDocument | ParsedDocument]


def read_asked(asked: Asked, count: TokenCounter) -> ReadDocument | ParsedDocument:
    """Read and cut; what is cut by meaning is cut by the parent, for it has the model.

    Finding the sentences is done here first, within the limits: what the parent does again is bounded.
    """
    read = parse_document(asked.path, asked.data, asked.rules)
    parsed, rules = within_bounds(read, asked.rules, count)
    if rules.strategy == "semantic":
        return parsed
    return chunk_document(asked.path, parsed, rules, count_tokens=count)


@dataclass(frozen=True)
class ChildSetup:
    """What a child needs to begin; pickled, so functions are importable ones."""

    read: Read
    counter: Callable[[], TokenCounter]
    limits: ParsingLimits


@cache
def readings() -> TypeAdapter[Reading]:
    """Between a reading and its JSON."""
    return TypeAdapter(Reading)


def main(descriptor: int) -> None:
    """Read what is asked for until the parent hangs up."""
    link: Connection[Any, Any] = Connection(descriptor)
    asked: Asked | None = None
    try:
        setup: ChildSetup = pickle.loads(link.recv_bytes())  # noqa: S301 - from the parent
        count = setup.counter()
        confine(setup.limits, may_run=lambda: asked is not None and asked.may_ocr)
        _mute()
        leave_out_what_is_loaded()
    except Exception as error:  # noqa: BLE001 - told to the parent, who raises it
        link.send_bytes(f"{type(error).__name__}: {error}".encode())
        return
    link.send_bytes(READY)
    while True:
        try:
            path, rules = pickle.loads(link.recv_bytes())  # noqa: S301 - from the parent
            asked = Asked(path, link.recv_bytes(), rules)
        except EOFError:
            return
        begin(asked.seconds(setup.limits), asked.cpu_seconds(setup.limits), setup.limits)
        reply = _reply(asked, setup, count)
        end()
        link.send_bytes(reply)


def _reply(asked: Asked, setup: ChildSetup, count: TokenCounter) -> bytes:
    began = time.perf_counter()
    found = _found(asked, setup, count)
    taken = time.perf_counter() - began
    peak, held = _memory()
    told = replace(found, seconds=taken, peak_bytes=peak, held_bytes=held)
    try:
        return readings().dump_json(told)
    except MemoryError:
        failed = replace(_EMPTY, stopped=out_of_memory(setup.limits), out_of_memory=True)
    except ValueError as error:  # half a surrogate pair in what is not yet cut
        failed = replace(_EMPTY, failure=_HALVES.sub("?", str(error)[:500]))
    return readings().dump_json(replace(failed, seconds=taken, peak_bytes=peak, held_bytes=held))


def _found(asked: Asked, setup: ChildSetup, count: TokenCounter) -> Reading:
    try:
        read = setup.read(asked, count)
        if isinstance(read, ParsedDocument):
            return Reading(parsed=read)
        return Reading(keepable(read))
    except BadDocument as error:
        return Reading(refusal=_HALVES.sub("?", reason_of(error, asked.path)))
    except MemoryError:
        return Reading(stopped=out_of_memory(setup.limits), out_of_memory=True)
    except Exception as error:  # noqa: BLE001 - a reader's mistake with one file stops no other
        return Reading(failure=_HALVES.sub("?", f"{type(error).__name__}: {error}"[:500]))


def out_of_memory(limits: ParsingLimits) -> str:
    """Say that a document takes too much memory."""
    what = f"reading it takes more than {limits.memory / 1024**2:,.0f} MB of memory"
    return str(BadDocument(what, cure="split it, or leave out what is large in it"))


def reason_of(error: ScriptoriumError, path: str) -> str:
    """Say what is wrong without the path: the same bytes may lie elsewhere tomorrow."""
    where = error.where.removeprefix(path).lstrip(", ")
    return str(BadDocument(error.what, where=where, cure=error.cure))


def keepable(found: ReadDocument) -> ReadDocument:
    """Refuse what no database keeps: one such text would lose the batch that it is in."""
    said = [found.title, found.front_matter, found.extracted_text, list(found.notes)]
    said += [[one.text, list(one.heading_path)] for one in found.chunks]
    for one in _texts(said):
        if "\0" in one or _HALVES.search(one):
            raise BadDocument(
                "there is a NUL, or half a surrogate pair, in its text",
                cure="remove it, or save the file again",
            )
    return found


def _texts(said: Any) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict):
        pairs = cast("dict[Any, Any]", said)
        yield from (text for one in (*pairs, *pairs.values()) for text in _texts(one))
    elif isinstance(said, list):
        yield from (text for one in cast("list[Any]", said) for text in _texts(one))


def _memory() -> tuple[int, int]:
    """The most memory that this process had at one time, and the address space that it has."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    # Not getrusage: there a process begins with the most that its parent had.
    said = _MEMORY.findall(Path("/proc/self/status").read_bytes())
    sizes = {name: int(size) * 1024 for name, size in said}
    return sizes[b"HWM"], sizes[b"Size"]


def _mute() -> None:
    """Drop what libraries print: it would be a document's words in the run's log."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


if __name__ == "__main__":
    main(int(sys.argv[1]))
