"""A history of edits, commit by commit, forwards and back, ends where a build from nothing ends.

`HISTORY_COMMITS=400` makes it long; `HISTORY_FOLDERS=build,cpp` replays other folders of the real one.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.conftest import RunningPostgres
from tests.doubles.alias_watch import print_of
from tests.doubles.clean_build import Served, built_from_nothing, served_by
from tests.doubles.git_repository import GitRepository
from tests.doubles.knowledge_history import KnowledgeHistory
from tests.doubles.qdrant_servers import running
from tests.doubles.real_history import BUNDLE, laid_out
from tests.doubles.sizes import sizes
from tests.doubles.writer_world import WriterWorld, why

COMPARED_EVERY = 8
SEED = 11
FOLDERS = tuple(os.environ.get("HISTORY_FOLDERS", "linux").split(","))


@dataclass
class Replay:
    """Follows a repository, agent by agent, and can build the same from nothing."""

    world: WriterWorld
    agents: tuple[str, ...]
    postgres: RunningPostgres
    other_qdrant: str
    seen: dict[str, str] = field(default_factory=dict)

    def follow(self) -> list[str]:
        """Bring every agent whose folder changed to what git says now; returns those."""
        changed: list[str] = []
        for agent in self.agents:
            tree = self.world.repository.tree(f"knowledge/{agent}")
            if tree == self.seen.get(agent):
                continue
            result = self.world.ingest(agent)
            assert result.success, why(result)
            self.seen[agent] = tree
            changed.append(agent)
        return changed

    def served(self, agents: Iterable[str] = ()) -> Served:
        return served_by(self.world, agents or self.agents)

    def from_nothing(self, agents: Iterable[str] = ()) -> Served:
        """Another ledger and another Qdrant that never saw anything."""
        return built_from_nothing(
            self.world, agents or self.agents, self.postgres, self.other_qdrant
        )


@pytest.fixture
def other_qdrant() -> Iterator[str]:
    with running("owner") as server:
        yield server.url


@pytest.fixture
def replay(
    tmp_path: Path, postgres: RunningPostgres, database_url: str, qdrant_url: str,
    other_qdrant: str, agent_id: str,
) -> Iterator[Replay]:  # fmt: skip
    agents = tuple(f"{agent_id}_{one}" for one in ("left", "right"))
    world = WriterWorld(GitRepository(tmp_path / "repo"), database_url, qdrant_url, agents[0])
    yield Replay(world, agents, postgres, other_qdrant)
    world.close()


@pytest.mark.timeout(180 + 20 * int(os.environ.get("HISTORY_COMMITS", "16")))
@pytest.mark.parametrize("commits", sizes("HISTORY_COMMITS", 8, 16))
def test_a_history_forwards_and_back(replay: Replay, commits: int):
    history = KnowledgeHistory(replay.world.repository, replay.agents, SEED)
    replay.follow()
    kept: dict[str, Served] = {}
    for number in range(1, commits + 1):
        kind = history.step()
        replay.follow()
        now = kept[history.commits[-1]] = replay.served()
        if number % COMPARED_EVERY == 0 or number == commits:
            assert now == replay.from_nothing(), (kind, history.commits[-1])
    embedded = replay.world.count("embeddings")
    for sha in list(kept)[:: -max(1, commits // 4)]:
        history.repository.reset_to(sha)
        replay.follow()
        assert replay.served() == kept[sha]
    assert replay.world.count("embeddings") == embedded, "the way back embeds nothing"


@pytest.mark.timeout(900)
@pytest.mark.skipif(not BUNDLE.exists(), reason=f"the real history is not here: {BUNDLE}")
def test_a_real_repository_commit_by_commit_forwards_and_back(replay: Replay):
    replay.agents = FOLDERS
    repository = replay.world.repository
    commits = laid_out(repository, BUNDLE, FOLDERS)
    kept: list[str] = []
    for sha in commits:
        repository._git("update-ref", "HEAD", sha)
        if changed := replay.follow():
            assert replay.served(changed) == replay.from_nothing(changed), sha
        # What nobody ran for is not read again.
        kept.append(print_of(replay.served()) if changed or not kept else kept[-1])
    embedded = replay.world.count("embeddings")
    for sha, then in reversed(list(zip(commits, kept, strict=True))):
        repository._git("update-ref", "HEAD", sha)
        if replay.follow() or sha == commits[0]:
            assert print_of(replay.served()) == then, sha
    assert replay.world.count("embeddings") == embedded, "the way back embeds nothing"


# In `make test` the order of one seed stands for all.
@pytest.mark.full
@pytest.mark.timeout(400)
def test_any_order_of_steps(replay: Replay):
    """Hypothesis looks for an order that ends otherwise, and makes it short."""

    class Steps(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            replay.world.repository.remove("knowledge")
            self.history = KnowledgeHistory(replay.world.repository, replay.agents, 3)
            replay.follow()

        @rule(kind=st.sampled_from(
            ["add", "edit", "insert above", "shrink", "delete", "rename", "rename and edit",
             "double", "other case", "move", "draft", "revert", "force back"]))  # fmt: skip
        def step(self, kind: str) -> None:
            self.history.step(kind)

        @rule()
        def publish(self) -> None:
            replay.follow()

        def teardown(self) -> None:
            replay.follow()
            assert replay.served() == replay.from_nothing()

    run_state_machine_as_test(
        Steps,
        settings=settings(
            max_examples=2, stateful_step_count=6, deadline=None, derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )  # fmt: skip
