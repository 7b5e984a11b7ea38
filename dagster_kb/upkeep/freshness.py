"""Whether what is served is what git says: told per agent, by a look that loads no model."""

import time
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, Final, Literal

import dagster as dg

from dagster_kb.assets.story import RETRY, clear_failures
from dagster_kb.partitions import agent_of_check, agents
from dagster_kb.publishing.alias_moves import aliases_of, is_withdrawn, led_to
from dagster_kb.resources.knowledge_folder import KnowledgeFolder, Revision
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_database import Row
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.settings import WriterSettings
from dagster_kb.upkeep.failures import STOPPED
from kb_contract.generation import Generation

SERVED: Final = "live_alias"
FRESH: Final = "serves_what_git_says"
POINTS: Final = "alias_points_to_live_generation"
# A repository elsewhere is fetched by the sensor over git; here it is only not waited for.
FETCH_SECONDS: Final = 15.0

State = Literal[
    "fresh", "differs", "catching up", "paused", "behind", "not committed", "gone", "right", "wrong"
]  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """How an agent stands, with what a person is told of it."""

    state: State
    said: str
    facts: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        return self.state not in ("differs", "behind", "gone", "wrong")


@dataclass(frozen=True)
class Look:
    """All agents at one moment; what is asked once is asked for all."""

    folder: KnowledgeFolder
    ledger: Ledger
    head: Revision
    trees: Mapping[str, str]
    live: Mapping[str, Generation]
    pauses: Mapping[str, Row]
    stopped: Set[str]
    """Agents whose last run somebody stopped: nothing brings them before the night."""
    deleted: Mapping[str, str]
    """Where somebody deleted words by hand that git still has, by agent."""
    aliases: Mapping[str, str]
    now: float
    within_minutes: int

    @classmethod
    def at(
        cls, folder: KnowledgeFolder, ledger: Ledger, store: VectorStore, within_minutes: int,
        only: str = "",
    ) -> "Look":  # fmt: skip
        """Look now: at all agents, or at one."""
        head = folder.committed(FETCH_SECONDS)
        live = [ledger.generations.live(only)] if only else ledger.generations.all_live()
        return cls(
            folder, ledger, head, folder.agents(head), {one.agent_id: one for one in live if one},
            ledger.incidents.all_paused(), ledger.incidents.agents_with(STOPPED),
            ledger.tombstones.all_open(), store.aliases(), time.time(), within_minutes,
        )  # fmt: skip

    def freshness(self, agent: str) -> Standing:
        """Say how far the agent is from git; that of a paused one nothing changes by itself."""
        found, pause = self._against_git(agent), self.pauses.get(agent)
        if pause is None or found.state not in ("fresh", "catching up", "behind"):
            return found
        held = f"paused by {pause['paused_by']}: {pause['reason']} → `kb resume {agent}`"
        return Standing("paused", f"{found.said}; {held}", {**found.facts, "paused": held})

    def _against_git(self, agent: str) -> Standing:
        """Compare git's tree of the agent with the tree that is live."""
        tree, live = self.trees.get(agent), self.live.get(agent)
        facts = {"wanted_tree": tree or "", "live_tree": live.tree_sha if live else "",
                 "head": self.head.sha, "minutes_behind": 0.0}  # fmt: skip
        if tree is None:
            return self._without_folder(live, facts)
        if live and live.tree_sha == tree and agent in self.deleted:
            said = f"generation {live.number} is what git says, but for what was deleted by hand of"
            cure = f"mend the source and commit, then `kb resume {agent}`"
            return Standing("differs", f"{said} {self.deleted[agent]} → {cure}", facts)
        if live and live.tree_sha == tree and not live.uncommitted:
            return Standing("fresh", f"generation {live.number} is what git says", facts)
        newest = None if live else next(iter(self.ledger.generations.latest(agent, 1)), None)
        if newest and newest.tree_sha == tree and is_withdrawn(newest):
            return Standing("fresh", "nothing is published, so nothing is served", facts)
        return self._behind(agent, live, facts)

    def _without_folder(self, live: Generation | None, facts: Mapping[str, Any]) -> Standing:
        if live and live.uncommitted:
            said = f"generation {live.number} is made of files that were never committed"
            return Standing("not committed", said, facts)
        served = (
            f"generation {live.number} is served until it is retired"
            if live
            else "nothing is served"
        )
        return Standing("gone", f"there is no folder at {self.head.sha[:12]}; {served}", facts)

    def standings(self, agent: str) -> dict[str, Standing]:
        """Everything that is told of an agent, by the name of its check."""
        return {FRESH: self.freshness(agent), POINTS: self.alias(agent)}

    def _behind(
        self, agent: str, live: Generation | None, facts: Mapping[str, Any]
    ) -> Standing:  # fmt: skip
        since = self.folder.changed_at(agent, live.git_sha if live else None, self.head)
        minutes = max(0.0, (self.now - since.timestamp()) / 60) if since else 0.0
        facts = {**facts, "minutes_behind": round(minutes, 1)}
        last = next(iter(self.ledger.generations.pipeline_runs(agent)), None)
        age = _duration(minutes)
        said = (
            f"generation {live.number} is {age} behind git"
            if live
            else f"nothing is live, and git has it for {age}"
        )
        if agent in self.stopped:
            said += f"; its run was stopped → `kb ingest --agent {agent}`, or materialize it"
        elif last and last["status"] == "FAILED":
            said += f"; the last run failed: {last['error_summary']}"
        late = minutes > self.within_minutes or agent in self.stopped
        return Standing("behind" if late else "catching up", said, facts)

    def alias(self, agent: str) -> Standing:
        """Compare what the aliases point to with what the ledger says."""
        live = self.live.get(agent) or led_to(self.ledger, agent)
        wanted = live.collection if live else None
        names = aliases_of(self.ledger.workspace, agent)
        found = {name: self.aliases.get(name) for name in names}
        facts = {"ledger": wanted or "", **{name: to or "" for name, to in found.items()}}
        if all(to == wanted for to in found.values()):
            said = f"{' and '.join(names)} → {wanted}" if wanted else "nothing is live, no alias"
            return Standing("right", said, facts)
        whose = live.agent_id if live else agent
        said = f"{found}, where the ledger says {wanted} → `kb ingest --agent {whose}` puts it back"
        return Standing("wrong", said, facts)


def _duration(minutes: float) -> str:
    if minutes < 120:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.0f} hours" if minutes < 2880 else f"{minutes / 1440:.0f} days"


def freshness_checks(settings: WriterSettings) -> dg.AssetChecksDefinition:
    """Make the two checks of `live_alias`, in one step; neither stops anything."""
    within = settings.fresh_within_minutes
    asks = {
        FRESH: f"The live generation is made of what git says now, or is at most {within} minutes late.",
        POINTS: "Both aliases point where the ledger says.",
    }

    @dg.multi_asset_check(
        name="standing",
        specs=[dg.AssetCheckSpec(name, asset=SERVED, description=said, partitions_def=agents)
               for name, said in asks.items()],
        can_subset=True,
        retry_policy=RETRY,
    )  # fmt: skip
    def standing(
        context: dg.AssetCheckExecutionContext,
        folder: dg.ResourceParam[KnowledgeFolder],
        ledger: dg.ResourceParam[Ledger],
        store: dg.ResourceParam[VectorStore],
    ) -> Iterator[dg.AssetCheckResult]:
        """Look at the agent once."""
        agent = agent_of_check(context)
        with clear_failures():
            found_now = Look.at(folder, ledger, store, within, only=agent).standings(agent)
        chosen = {key.name for key in context.selected_asset_check_keys}
        for name, found in found_now.items():
            if name in chosen:
                yield dg.AssetCheckResult(
                    check_name=name, asset_key=dg.AssetKey(SERVED), passed=found.passed,
                    severity=dg.AssetCheckSeverity.WARN, description=found.said,
                    metadata=dict(found.facts),
                )  # fmt: skip

    return standing
