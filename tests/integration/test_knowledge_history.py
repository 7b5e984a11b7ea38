"""A history of edits, commit by commit, forwards and back, ends where a build from nothing ends.

`HISTORY_COMMITS=400` makes it long.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.conftest import RunningPostgres
from tests.doubles.clean_build import Served, built_from_nothing, served_by
from tests.doubles.git_repository import GitRepository
from tests.doubles.knowledge_history import KnowledgeHistory
from tests.doubles.qdrant_servers import running
from tests.doubles.writer_world import WriterWorld, why

COMMITS = int(os.environ.get("HISTORY_COMMITS", "16"))
COMPARED_EVERY = 8


@dataclass
class Replay:
    """Follows a repository, agent by agent, and can build the same from nothing."""

    world: WriterWorld
    agents: tuple[str, ...]
    postgres: RunningPostgres
    other_qdrant: str
    seen: dict[str, str] = field(default_factory=dict)

    def follow(self) -> None:
        """Bring every agent whose folder changed to what git says now."""
        for agent in self.agents:
            tree = self.world.repository.tree(f"knowledge/{agent}")
            if tree == self.seen.get(agent):
                continue
            result = self.world.ingest(agent)
            assert result.success, why(result)
            self.seen[agent] = tree

    def served(self) -> Served:
        return served_by(self.world, self.agents)

    def from_nothing(self) -> Served:
        """Another ledger and another Qdrant that never saw anything."""
        return built_from_nothing(self.world, self.agents, self.postgres, self.other_qdrant)


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


@pytest.mark.timeout(180 + 20 * COMMITS)
@pytest.mark.parametrize("seed", [11])
def test_a_history_forwards_and_back(replay: Replay, seed: int):
    history = KnowledgeHistory(replay.world.repository, replay.agents, seed)
    replay.follow()
    kept: dict[str, Served] = {}
    for number in range(1, COMMITS + 1):
        kind = history.step()
        replay.follow()
        now = kept[history.commits[-1]] = replay.served()
        if number % COMPARED_EVERY == 0 or number == COMMITS:
            assert now == replay.from_nothing(), (kind, history.commits[-1])
    embedded = replay.world.count("embeddings")
    for sha in list(kept)[:: -max(1, COMMITS // 8)]:
        history.repository.reset_to(sha)
        replay.follow()
        assert replay.served() == kept[sha]
    assert replay.world.count("embeddings") == embedded, "the way back embeds nothing"


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
