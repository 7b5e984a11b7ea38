"""Every file of the poison corpus ends quarantined with a reason, published, or kept; the good ones live."""

import os
import stat
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dagster_kb.intake.parsing_child import Asked, Reading
from dagster_kb.intake.parsing_children import ParsingChildren
from dagster_kb.intake.parsing_limits import ParsingLimits
from kb_contract.identifiers import production_alias
from tests.doubles.git_repository import GitRepository
from tests.doubles.hash_embedder import HashEmbedder
from tests.doubles.poison_corpus import Poison, corpus, fast_import
from tests.doubles.writer_world import WriterWorld, why

LIMITS = ParsingLimits()
# What ends for its time ends sooner, and what is published takes a tenth of this.
SHORT = replace(LIMITS, cpu_seconds=3)
GOOD = {
    f"good-{n}.md": f"# Good {n}\n\nThe lantern of harbour {n} is lit at dusk.\n" for n in range(8)
}
CANARIES = ("sapphirecanary", "cobaltcanary", "emeraldcanary")
# One document after the other is allowed its ten seconds, and some take them.
pytestmark = pytest.mark.timeout(900)


class MeasuringChildren(ParsingChildren):
    """The real children; they remember what each document took."""

    def __init__(self, limits: ParsingLimits) -> None:
        super().__init__(HashEmbedder(), limits=limits)
        self.taken: dict[str, Reading] = {}

    def read_all(self, asked: Any, *, expected: int) -> Any:
        paths: list[str] = []

        def told() -> Iterator[Asked]:
            for one in asked:
                paths.append(one.path)
                yield one

        for number, reading in enumerate(super().read_all(told(), expected=expected)):
            self.taken.setdefault(paths[number], reading)
            yield reading


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Files beside the repository, of words that nothing in it has."""
    place = tmp_path / "outside"
    place.mkdir()
    for name, word in zip(("secret.md", "secret.txt", "secret.csv"), CANARIES, strict=True):
        (place / name).write_text(f"{word} a,b\n")
    return place


@pytest.fixture
def world(
    tmp_path: Path,
    database_url: str,
    qdrant_url: str,
    agent_id: str,
    request: pytest.FixtureRequest,
) -> Iterator[WriterWorld]:
    children = MeasuringChildren(getattr(request, "param", LIMITS))
    world = WriterWorld(
        GitRepository(tmp_path / "repo"), database_url, qdrant_url, agent_id, parsing=children
    )
    # Long chunks: what is looked at is what becomes of files, not of a million rows.
    world.write({**GOOD, "agent.yaml": "chunking: {tokens: 2000}\n"})
    world.repository.commit()
    yield world
    children.rest()
    world.close()


def commit_poison(world: WriterWorld, poisons: list[Poison]) -> None:
    stream = subprocess.Popen(
        ["git", "-C", str(world.repository.root), "-c", "core.protectNTFS=false", "fast-import",
         "--quiet", "--force"],
        stdin=subprocess.PIPE,
    )  # fmt: skip
    assert stream.stdin
    for part in fast_import(poisons, f"knowledge/{world.agent}"):
        stream.stdin.write(part)
    stream.stdin.close()
    assert stream.wait() == 0


def set_traps(world: WriterWorld, sprung: Path) -> None:
    """Programs that git runs when it is asked for more than its objects."""
    trap = world.repository.root.parent / "trap"
    trap.write_text(f'#!/bin/sh\necho "$0 $@" >> {sprung}\ncat\n')
    trap.chmod(0o755)
    settings = {
        "filter.evil.smudge": trap, "filter.evil.clean": trap, "filter.evil.process": trap,
        "diff.evil.textconv": trap, "diff.evil.command": trap, "core.fsmonitor": trap,
        "core.hooksPath": world.repository.root.parent / "hooks", "core.pager": trap,
        "credential.helper": f"!{trap}", "core.sshCommand": trap, "gpg.program": trap,
        "uploadpack.packObjectsHook": trap, "core.askPass": trap, "log.showSignature": "true",
    }  # fmt: skip
    for name, value in settings.items():
        world.repository._git("config", name, str(value))
    hooks = world.repository.root.parent / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "pre-commit", "post-commit", "reference-transaction", "post-index-change",
                 "fsmonitor-watchman", "post-merge", "pre-auto-gc"):  # fmt: skip
        (hooks / name).symlink_to(trap)


@pytest.mark.parametrize(
    ("world", "heavy"),
    [(SHORT, False), pytest.param(LIMITS, True, marks=pytest.mark.full)],
    indirect=["world"],
    ids=["light", "all"],
)
def test_all_of_it_at_once(
    world: WriterWorld, outside: Path, tmp_path: Path, record_property: Any, heavy: bool
):
    poisons = [one for one in corpus(str(outside / "secret.md")) if heavy or not one.heavy]
    assert len(poisons) >= 150
    commit_poison(world, poisons)
    sprung = tmp_path / "sprung"
    set_traps(world, sprung)

    result = world.ingest()
    assert result.success, why(result)
    assert not retries(result), "the whole went wrong before it went right"
    placed = world.ledger.documents.placed(world.live().generation_id)
    shown = {path.removeprefix(f"knowledge/{world.agent}/"): one for path, one in placed.items()}
    children = world.definitions.resources["parsing"]
    rows = [outcome(world, one, shown, children.taken) for one in poisons]
    record_property("table", report(rows))

    wrong = [row for row in rows if row["fate"] not in ("", row["outcome"])]
    assert not wrong
    assert all(row["why"] for row in rows if row["outcome"] == "quarantined")
    for name, text in GOOD.items():
        assert shown[name].status == "published"
        assert any(text.strip() in one for one in world.served_texts())
    assert any("of a processor" in (one.stopped or "") for one in children.taken.values())
    # Its own time, not that of a busy machine; one that died took a moment to be gone.
    assert max(row["seconds"] for row in rows) <= LIMITS.seconds + 5
    assert max(row["bytes"] for row in rows) <= LIMITS.memory
    assert not sprung.exists(), sprung.read_text()
    assert not list(tmp_path.rglob("poisoned*"))
    assert not Path("/tmp/poisoned").exists()
    for word in CANARIES:
        assert word not in everything(world)
    assert "root:x:0" not in everything(world)


def retries(result: Any) -> list[str]:
    return [
        str(one.event_specific_data.error) for one in result.all_events if one.is_step_up_for_retry
    ]


def outcome(
    world: WriterWorld, one: Poison, shown: dict[str, Any], taken: dict[str, Reading]
) -> dict[str, Any]:
    """What became of a file; a path that nothing could keep is known by our name for it."""
    from dagster_kb.resources.git_files import shown_path

    place = f"knowledge/{world.agent}/"
    path = shown_path(place.encode() + one.name)
    found = shown.get(path.removeprefix(place))
    reading = taken.get(path, Reading())
    return {
        "kind": one.kind, "name": path.removeprefix(place), "fate": one.fate,
        "outcome": found.status if found else "ignored", "why": found and found.reason,
        "seconds": reading.seconds - reading.waited, "bytes": reading.peak_bytes, "stopped": bool(reading.stopped),
    }  # fmt: skip


def report(rows: list[dict[str, Any]]) -> str:
    """A line for each kind of file."""
    lines = [f"{'kind':<24}{'files':>6}{'published':>10}{'quarantined':>12}{'ignored':>8}"
             f"{'stopped':>8}{'worst s':>9}{'worst MB':>9}"]  # fmt: skip
    for kind in dict.fromkeys(row["kind"] for row in rows):
        those = [row for row in rows if row["kind"] == kind]
        many = Counter(row["outcome"] for row in those)
        lines.append(
            f"{kind:<24}{len(those):>6}{many['published']:>10}{many['quarantined']:>12}"
            f"{many['ignored']:>8}{sum(row['stopped'] for row in those):>8}"
            f"{max(row['seconds'] for row in those):>9.2f}"
            f"{max(row['bytes'] for row in those) / 1e6:>9.0f}"
        )
    table = "\n".join([f"{len(rows)} files", *lines])
    print(table)
    return table


def everything(world: WriterWorld) -> str:
    """All words that the ledger and the collection hold."""
    with world.ledger.database.transaction() as connection:
        kept = connection.execute(
            "select coalesce(string_agg(c.text, ' '), '') as words from kb.chunks c"
        ).fetchone()
        documents = connection.execute(
            "select coalesce(string_agg(concat_ws(' ', title, reason, front_matter::text,"
            " extracted_text), ' '), '') as words from kb.documents"
        ).fetchone()
    assert kept
    assert documents
    alias = production_alias("default", world.agent)
    served = [str(one.payload) for one in world.store.points(alias, payloads=True)]
    return " ".join([kept["words"], documents["words"], *served])


def test_what_git_cannot_keep_lies_in_the_folder_and_is_passed_over(
    world: WriterWorld, outside: Path, tmp_path: Path
):
    """Only uncommitted work meets pipes, devices, sockets and hard links."""
    folder = world.repository.root / "knowledge" / world.agent
    os.mkfifo(folder / "pipe.md")
    (folder / "hard.md").hardlink_to(folder / "good-1.md")
    (folder / "link.md").symlink_to(outside / "secret.md")
    with (folder / "sparse.md").open("wb") as sparse:
        sparse.truncate(64 * 1024 * 1024)
    if os.geteuid() == 0:
        os.mknod(folder / "device.md", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    result = world.ingest(uncommitted=True)
    assert result.success, why(result)
    placed = world.ledger.documents.placed(world.live().generation_id)
    shown = {Path(path).name: one for path, one in placed.items()}
    assert shown.keys() == {*GOOD, "hard.md", "link.md", "sparse.md"}
    assert shown["hard.md"].status == "published"
    assert "symbolic link" in str(shown["link.md"].reason)
    assert "67,108,864 bytes" in str(shown["sparse.md"].reason)
    assert not any(word in everything(world) for word in CANARIES)
