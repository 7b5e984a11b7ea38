"""Documents are read by children with limits: whatever one does, it costs that document alone."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from dagster_kb.intake.parsing_child import Asked, Reading
from dagster_kb.intake.parsing_children import ParsingChildren
from dagster_kb.intake.parsing_limits import ParsingLimits
from dagster_kb.intake.reading_turns import ReadingTurns
from dagster_kb.readers.reading_rules import ReadingRules
from kb_contract.errors import ScriptoriumError
from tests.doubles import deadly_reader
from tests.doubles.git_repository import GitRepository
from tests.doubles.hash_embedder import HashEmbedder
from tests.doubles.writer_world import WriterWorld, metadata, why

RULES = ReadingRules(200)
LIMITS = ParsingLimits(seconds=6, cpu_seconds=2, memory=512 * 1024**2)


@pytest.fixture
def children() -> Iterator[ParsingChildren]:
    children = ParsingChildren(HashEmbedder(), deadly_reader.read, LIMITS)
    yield children
    children.close()


@pytest.fixture(scope="module")
def unharmed() -> Iterator[ParsingChildren]:
    """For documents that reach out and leave the child that reads them as it was."""
    children = ParsingChildren(HashEmbedder(), deadly_reader.read, LIMITS)
    yield children
    children.close()


def read(children: ParsingChildren, *orders: str, expected: int = 1) -> list[Reading]:
    asked = [Asked(f"{n}.txt", order.encode(), RULES) for n, order in enumerate(orders)]
    return list(children.read_all(asked, expected=expected))


def text(reading: Reading) -> str:
    assert reading.document, reading
    return reading.document.title


def pid(reading: Reading) -> int:
    assert reading.document, reading
    return reading.document.front_matter["pid"]


@pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="this system tells nobody who waits"
)
def test_time_in_which_others_had_the_core_is_not_the_documents(children: ParsingChildren):
    children.limits = replace(LIMITS, seconds=3, cpu_seconds=0)
    core, child = {min(os.sched_getaffinity(0))}, psutil.Process(pid(read(children, "pid")[0]))
    os.sched_setaffinity(child.pid, core)
    child.nice(5)  # it gets a third of what the rival gets
    rival = psutil.Popen([sys.executable, "-c", "while True: pass"])
    os.sched_setaffinity(rival.pid, core)
    try:
        [dead] = read(children, "spin")
    finally:
        rival.kill()
        rival.wait()
    # It computes for longer than the clock allows, and ends for what it took of the core.
    assert "more than 0 s of a processor" in (dead.stopped or "")
    assert not dead.by_clock


def test_a_long_pdf_gets_more_time_and_nothing_else_does():
    def allowed(name: str, size: int) -> tuple[float, int]:
        asked = Asked(name, bytes(size), ReadingRules(200))
        return asked.seconds(LIMITS), asked.cpu_seconds(LIMITS)

    assert allowed("small.pdf", 250_000) == allowed("large.html", 9_000_000) == (6, 2)
    assert allowed("Annual Report.PDF", 1_250_000) == (6 + 20, 2 + 20)
    assert allowed("encyclopedia.pdf", 60_000_000) == (6 + 60, 2 + 60)


def test_one_child_may_stay_for_the_next_agent_until_all_are_ended(children: ParsingChildren):
    children.stays = True
    first = pid(read(children, "pid")[0])
    children.rest()
    assert pid(read(children, "pid")[0]) == first
    children.close()
    assert not psutil.pid_exists(first)
    assert pid(read(children, "pid")[0]) != first


@pytest.mark.parametrize(
    ("deed", "said", "by_clock"),
    [
        ("die abort", "ended with SIGABRT", False),
        ("spin", "more than 2 s of a processor", False),
        ("hang", "more than 6 s by the clock, those", True),
        ("eat", "more than 512 MB of memory", False),
    ],
)
def test_a_document_that_kills_costs_itself_alone(
    children: ParsingChildren, deed: str, said: str, by_clock: bool
):
    if deed == "spin":  # on a busy machine the clock would be first
        children.limits = replace(LIMITS, seconds=100)
    before, dead, after = read(children, "hello a", deed, "hello b")
    assert said in (dead.stopped or "")
    assert " → " in (dead.stopped or "")
    assert dead.by_clock is by_clock
    assert (text(before), text(after)) == ("hello: a", "hello: b")
    assert pid(before) != pid(after)


def test_one_child_reads_all_that_does_no_harm(children: ParsingChildren):
    readings = read(
        children, "hello a", "refuse no good", "fail oops", "surrogate", "nul", "hello b"
    )
    assert pid(readings[0]) == pid(readings[-1])
    assert readings[1].refusal == "line 1: no good → mend it"
    assert readings[2].failure == "ValueError: oops"
    for one in readings[3:5]:
        assert "NUL, or half a surrogate pair" in (one.refusal or "")


def test_a_second_child_reads_where_much_is_left_to_read():
    """Not where many pages take a moment; and a few that are slow are many enough."""
    cases = ((1000, 0.001, 1), (3, 1.5, 2), (2, 1.5, 1))
    for expected, seconds, children in cases:
        turns = ReadingTurns(expected, lambda _asked, took=seconds: Reading(seconds=took))
        turns.result(turns.submit(Asked("a.txt", b"", RULES)))
        turns.end(wait=True)
        assert turns.children == children


def test_a_child_that_grew_is_started_anew(children: ParsingChildren):
    first, grown, after = read(children, "hello a", "grow 300", "hello b")
    assert pid(first) == pid(grown) != pid(after)
    assert grown.peak_bytes > 300_000_000 > after.peak_bytes


def test_what_earlier_documents_left_is_not_held_against_one(children: ParsingChildren):
    """Either alone fits; the second is read once more, by a child that holds nothing yet."""
    children.limits = replace(LIMITS, memory=1024**3)
    first, second = read(children, "grow 300", "grow 800")
    assert text(first) == "grow: 300"
    assert text(second) == "grow: 800", second
    assert pid(first) != pid(second)


@pytest.mark.parametrize(
    "deed",
    ["connect", "resolve", "read /etc/passwd", "read /proc/1/environ", "write PLACE/poisoned", "rewrite",
     "run PLACE/poisoned", "shell PLACE/poisoned", "fork", "kill 1", "remove PLACE/there"],
)  # fmt: skip
def test_a_document_reaches_nothing(unharmed: ParsingChildren, tmp_path: Path, deed: str):
    (tmp_path / "there").touch()
    [reading] = read(unharmed, f"try {deed.replace('PLACE', str(tmp_path))}")
    assert "PermissionError: a document may not cause" in text(reading)
    assert {one.name for one in tmp_path.iterdir()} == {"there"}


def test_a_child_knows_nothing_of_ours(children: ParsingChildren, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@somewhere")
    environment, modules, limits = read(children, "env", "modules", "limits")
    assert "DATABASE_URL" not in text(environment)
    assert text(modules) == "modules: []", "neither Dagster nor a model nor a database"
    assert str(LIMITS.memory) in text(limits)


def test_nothing_is_started_for_nothing(children: ParsingChildren):
    before = set(psutil.Process().children())
    assert read(children) == []
    assert set(psutil.Process().children()) == before


def test_two_children_keep_the_order(children: ParsingChildren):
    orders = [f"sleep {0.02 if n % 7 == 0 else 0}" if n % 2 else f"hello {n}" for n in range(200)]
    # While one sleeps, the other takes what comes next; and so much is said to come after it.
    orders += ["sleep 2", "sleep 2"]
    readings = read(children, *orders, expected=10**6)
    assert [text(one).replace(": ", " ") for one in readings] == orders
    assert len({pid(one) for one in readings}) == 2
    children.rest()
    assert not any(psutil.pid_exists(pid(one)) for one in readings)


def test_what_is_in_flight_is_bounded_by_number_and_by_bytes():
    children = ParsingChildren(
        HashEmbedder(), deadly_reader.read, LIMITS, documents_in_flight=5, bytes_in_flight=10_000
    )
    for order, most in (("hello", 5), ("hello " + "x" * 3_000, 3), ("hello " + "x" * 30_000, 1)):
        given = 0

        def asked(order: str = order) -> Iterator[Asked]:
            nonlocal given
            for n in range(30):
                given += 1
                yield Asked(f"{n}.txt", order.encode(), RULES)

        with contextlib.closing(children.read_all(asked(), expected=30)) as readings:
            for taken, _ in enumerate(readings):
                # One more is in our hand: it was given, and waits for room.
                assert given - taken <= most + 1
    children.rest()


def test_what_nobody_waits_for_any_more_is_ended(children: ParsingChildren):
    children.limits = replace(LIMITS, seconds=90)
    of_others = threading.active_count()
    asked = (Asked(f"{n}.txt", b"sleep 60" if n else b"hello", RULES) for n in range(50))
    readings = children.read_all(asked, expected=1)
    children.documents_in_flight = 5
    child = pid(next(readings))
    began = time.monotonic()
    readings.close()
    assert time.monotonic() - began < 45, "it waited for documents that nobody wants"
    assert not psutil.pid_exists(child)
    assert threading.active_count() < of_others + 20


def test_a_run_that_is_done_ends_no_child_that_reads_for_another(children: ParsingChildren):
    asked = [Asked("a.txt", b"hello a", RULES), Asked("b.txt", b"hello b", RULES)]
    children.documents_in_flight = 1
    other = children.read_all(asked, expected=1)
    reads_on = pid(next(other))
    done = {pid(one) for one in read(children, "hello c", "hello d")}
    children.rest()
    assert pid(next(other)) == reads_on
    other.close()
    children.rest()
    assert not any(psutil.pid_exists(one) for one in {reads_on, *done})


def test_a_child_ends_with_its_parent(children: ParsingChildren):
    [reading] = read(children, "hello a")
    child = psutil.Process(pid(reading))
    for one in children._idle:
        one._link.close()  # what the kernel does when the parent dies
    child.wait(timeout=10)


def test_a_child_that_does_not_start_says_why():
    class Broken(HashEmbedder):
        @property
        def token_counting(self) -> Any:
            return deadly_reader._fail  # wants an argument

    with pytest.raises(ScriptoriumError, match="does not start: TypeError"):
        read(ParsingChildren(Broken(), deadly_reader.read, LIMITS), "hello")


# What becomes of it in the ledger.


class CountingChildren(ParsingChildren):
    """The real children; they remember what they were asked for."""

    asked: list[str]

    def read_all(self, asked: Any, *, expected: int) -> Any:
        def told() -> Iterator[Asked]:
            for one in asked:
                self.asked.append(one.path.rsplit("/", 1)[-1])
                yield one

        return super().read_all(told(), expected=expected)


@pytest.fixture
def world(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str
) -> Iterator[WriterWorld]:
    counting = CountingChildren(HashEmbedder(), deadly_reader.read, LIMITS)
    world = WriterWorld(
        GitRepository(tmp_path / "repo"), database_url, qdrant_url, agent_id, parsing=counting
    )
    yield world
    world.close()
    counting.rest()


def ingest(
    world: WriterWorld, children: CountingChildren
) -> tuple[dict[str, str | None], list[str]]:
    """Ingest; returns why documents are quarantined, and what was read."""
    children.asked = []
    result = world.ingest(force=True)
    assert result.success, why(result)
    placed = world.ledger.documents.placed(world.live().generation_id)
    refused = {path.rsplit("/", 1)[-1]: one.reason for path, one in placed.items()
               if one.status == "quarantined"}  # fmt: skip
    assert metadata(result, "parsed_documents")["quarantined"] == len(refused)
    return refused, sorted(children.asked)


def test_what_met_a_limit_is_read_once_more_and_then_remembered(world: WriterWorld):
    children = world.definitions.resources["parsing"]
    world.commit({"good.txt": "hello good", "dies.txt": "die abort", "hangs.txt": "hang"})
    refused, asked = ingest(world, children)
    assert asked == ["dies.txt", "good.txt", "hangs.txt"]
    assert "SIGABRT" in str(refused["dies.txt"])
    assert "was stopped" in str(refused["hangs.txt"])
    assert world.served_texts() == {"hello good"}

    refused, asked = ingest(world, children)
    assert asked == ["dies.txt", "hangs.txt"]
    refused, asked = ingest(world, children)
    assert asked == ["hangs.txt"], "by the clock alone nothing is remembered"
    assert "SIGABRT" in str(refused["dies.txt"])


def test_what_met_a_limit_once_is_published_when_it_can_be(world: WriterWorld):
    children = world.definitions.resources["parsing"]
    world.commit({"good.txt": "hello good", "large.txt": "grow 450"})
    refused, _ = ingest(world, children)
    assert "more than 512 MB" in str(refused["large.txt"])
    children.limits = ParsingLimits()
    refused, asked = ingest(world, children)
    assert (refused, asked) == ({}, ["large.txt"])
    assert world.served_texts() == {"hello good", "grow 450"}
    _, asked = ingest(world, children)
    assert asked == []
