"""The end of an agent whose folder is gone, or has another name."""

import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

import dagster as dg

from dagster_kb.assets.story import RETRY, clear_failures
from dagster_kb.partitions import AGENTS
from dagster_kb.publishing.alias_moves import drop, end, hand_on_names, is_withdrawn
from dagster_kb.publishing.live_canary import has_answered
from dagster_kb.publishing.renames import Renames, is_file_now
from dagster_kb.resources.knowledge_folder import KnowledgeFolder, Revision
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.upkeep.departure_incidents import DepartureIncidents
from dagster_kb.upkeep.refreshes import FINISHED, being_built
from kb_contract.generation import Generation

RETIRE: Final = "retire_agent"
# Retirements of one agent at one commit that fail before the sensor asks only once an hour.
QUICK_ATTEMPTS: Final = 3


class Retirement(dg.Config):
    """Whose folder is gone."""

    agent: str


@dataclass(frozen=True)
class Leaving:
    """Agents whose folder is gone, by what is to be done about each."""

    now: tuple[str, ...] = ()
    """Ended, or dropped when they ended long ago."""
    waiting: Mapping[str, str] | None = None
    """Renamed, and still served until their new name is."""
    misnamed: Mapping[str, str] | None = None
    """Served on, for their folder has a name that no agent may have, or a link is in its place."""
    held_back: tuple[str, ...] = ()
    """Somebody may look at the wrong folder: too many are gone at once, or were made elsewhere."""
    served: frozenset[str] = frozenset()
    """All that are served; of the others nothing is taken from readers by waiting."""

    @property
    def reasons(self) -> list[str]:
        """Why some that have no folder are not ended yet."""
        waiting = [f"{old} is served until {new} is" for old, new in (self.waiting or {}).items()]
        waiting += [f"{old} is served on: {no_folder(old, new)}"
                    for old, new in (self.misnamed or {}).items()]  # fmt: skip
        return [*waiting, *([self.why_held_back] if self.held_back else [])]

    @property
    def why_held_back(self) -> str:
        named = ", ".join(self.held_back[:10]) + (", …" if len(self.held_back) > 10 else "")
        return (
            f"{len(self.held_back)} agents that are served have no folder any more ({named}): more "
            "than half, or made of another folder or repository; none of them is retired"
        )


@dataclass(frozen=True)
class Departures:
    """Says which agents end; what is served does not end by a slip of a setting."""

    ledger: Ledger
    folder: KnowledgeFolder
    grace_hours: int

    def leaving(self, head: Revision, present: Set[str], *, many: bool = False) -> Leaving:
        """Look at all that is served or has a partition; `many` lets any number go at once."""
        trees = self.folder.agents(head)
        self.ledger.names.forget_taken_back(trees)
        live = self.ledger.generations.all_live()
        rest = {one.agent: one for one in self.ledger.names.at_rest(self.grace_hours)}
        over = {agent for agent, one in rest.items() if one.over} - trees.keys()
        served = {one.agent_id: one for one in live}
        away = [one for one in sorted((served.keys() | present | over) - trees.keys())
                if one not in rest or rest[one].over]  # fmt: skip
        uncommitted = self._uncommitted_among(away, served, rest.keys())
        gone = [one for one in away if one not in uncommitted]
        lost = tuple(one for one in gone if one in served)
        strange = () if many else self._strange(lost, live)
        near = tuple(one for one in lost if one not in strange)
        misnamed = self._misnamed(near, live, head)
        near = tuple(one for one in near if one not in misnamed)
        renamed = Renames(self.ledger, self.folder).find(near, head)
        doubt = tuple(one for one in lost if one not in misnamed and one not in renamed)
        held = doubt if not many and too_many(doubt, served.keys()) else strange
        if held:
            self._incidents.many_gone(held, Leaving(held_back=held).why_held_back, head)
            # Nor does one that was never served: it may be on its way, from where we should look.
            gone = [one for one in gone if one not in held and (one in served or one in rest)]
        waiting = {old: new for old, new in renamed.items() if self.waits(new)}
        self._incidents.waiting(waiting, self.grace_hours, head)
        stay = waiting.keys() | misnamed.keys()
        now = tuple(one for one in gone if one not in stay)
        return Leaving(now, waiting, misnamed, held, frozenset(served))

    def is_not_committed_yet(self, agent: str, live: Generation | None) -> bool:
        """Whether it lies in the working tree alone, and is served from there or was never served."""
        rest = {one.agent for one in self.ledger.names.at_rest(self.grace_hours)}
        served = {agent: live} if live else {}
        return agent in self._uncommitted_among([agent], served, rest)

    def _uncommitted_among(
        self, agents: Sequence[str], served: Mapping[str, Generation], rest: Set[str]
    ) -> set[str]:
        """The whole working tree is listed for it, however many are asked about: once."""
        if self.folder.remote or not agents:
            return set()
        lying = self.folder.lying()
        return {one for one in agents if one in lying
                and (served[one].uncommitted if one in served else one not in rest)}  # fmt: skip

    def _misnamed(
        self, lost: tuple[str, ...], live: Sequence[Generation], head: Revision
    ) -> dict[str, str]:
        """Agents whose folder is there and refused, by its name or for what it is now.

        Of each a person is told.
        """
        refused = self.folder.refused_trees(head) if lost else {}
        found = {one.agent_id: name for one in live if one.agent_id in lost
                 for name, tree in refused.items()
                 if tree == one.tree_sha or name.casefold() == one.agent_id}  # fmt: skip
        self._incidents.misnamed(found, head)
        return found

    def _strange(self, lost: tuple[str, ...], live: Sequence[Generation]) -> tuple[str, ...]:
        """Agents whose folder may be gone only from the place that is looked at."""
        return tuple(
            one.agent_id for one in live
            if one.agent_id in lost and not self._was_made_here(one, live)
        )  # fmt: skip

    def _was_made_here(self, generation: Generation, live: Sequence[Generation]) -> bool:
        """Whether this repository has what it was made of, in the folder that is looked at now."""
        place = self.folder.place_of(generation.agent_id)
        placed = self.ledger.documents.placed(generation.generation_id)
        if not all(path.startswith(place) for path in placed):
            return False
        if self.folder.knows(generation.git_sha):
            return True
        # Its history may be cut off; then what was served of that very commit tells, or of it under another name.
        same = {one.tree_sha for one in live if one.git_sha == generation.git_sha}
        return self.folder.may_be_cut and any(self.folder.knows(one) for one in same)

    def rests(self, agent: str) -> bool:
        """Whether an agent ended not long ago."""
        return any(
            one.agent == agent and not one.over
            for one in self.ledger.names.at_rest(self.grace_hours)
        )

    def waits(self, new: str) -> bool:
        """Whether a former name is served on: until the new one answers, or withdrew everything.

        However long that takes: an old name that ended before would leave nothing served.
        """
        if self.ledger.incidents.paused(new):
            return True
        if live := self.ledger.generations.live(new):
            return not has_answered(live)
        return not any(is_withdrawn(one) for one in self.ledger.generations.latest(new, 1))

    @property
    def _incidents(self) -> DepartureIncidents:
        return DepartureIncidents(self.ledger, self.folder)


@dg.op(retry_policy=RETRY)
def retire_folder(
    context: dg.OpExecutionContext,
    config: Retirement,
    folder: dg.ResourceParam[KnowledgeFolder],
    ledger: dg.ResourceParam[Ledger],
    store: dg.ResourceParam[VectorStore],
    departures: dg.ResourceParam[Departures],
) -> None:
    """Stop serving an agent at once; drop what it was made of when its grace has passed."""
    agent = config.agent
    with clear_failures():
        head = folder.head()
        if reason := why_it_stays(ledger, folder, departures, agent, head):
            context.log.info("%s stays: %s", agent, reason)
            return
        live = ledger.generations.live(agent)
        if not live and agent in being_built(context.instance):
            context.log.info("%s is being built: it stays", agent)
            return
        if live or ledger.generations.unfinished(agent):
            context.log.info("%s: %s", agent, say_goodbye(ledger, store, folder, agent, head))
        else:
            hand_on_names(ledger, store, agent)
        if departures.rests(agent):
            context.log.info("%s may come back: what it was made of is kept for a while", agent)
            return
        if not drop(ledger, store, agent):
            context.log.info("%s is being built: it stays", agent)
            return
    context.instance.delete_dynamic_partition(AGENTS, agent)


def why_it_stays(
    ledger: Ledger, folder: KnowledgeFolder, departures: Departures, agent: str, head: Revision
) -> str:
    """Say why an agent does not end after all: much may have happened since its end was asked for."""
    there, live = folder.agents(head), ledger.generations.live(agent)
    if agent in there:
        return f"its folder is back at {head.sha[:12]}"
    if pause := ledger.incidents.paused(agent):
        return f"it is paused ({pause['reason']})"
    if departures.is_not_committed_yet(agent, live):
        return "it is not committed yet"
    new = ledger.names.now(agent)
    if live and new in there and departures.waits(new):
        return f"it is called {new} now, which does not answer yet"
    return ""


def say_goodbye(
    ledger: Ledger, store: VectorStore, folder: KnowledgeFolder, agent: str, head: Revision
) -> str:
    """End an agent that is served or half built; its names follow its successor."""
    new = ledger.names.now(agent)
    what = "its folder is gone"
    if is_file_now(folder, agent, head):
        what = "a file is in the place of its folder"
    reason = f"{what} at {head.sha[:12]}"
    if new != agent:
        reason = f"its folder is called {new} since {head.sha[:12]}"
    end(ledger, store, agent, reason)
    return reason


@dg.job(name=RETIRE, description="End an agent whose folder is gone.")
def retirement() -> None:
    """One op."""
    retire_folder()


def no_folder(agent: str, there: str) -> str:
    """Pure: say what is there instead of an agent's folder."""
    if there == agent:
        return "what is in the place of its folder is refused"
    return f"its folder is called {there}, which no agent may be called"


def too_many(lost: Sequence[str], served: Set[str]) -> bool:
    """Pure: more than one, and more than half of all that is served."""
    return len(lost) > 1 and len(lost) * 2 > len(served)


def attempt_of(instance: dg.DagsterInstance, agent: str, head: str) -> str:
    """Name the next retirement: anew after each that ended, and once an hour when many failed."""
    about = {"kb/agent": agent}
    asked = dg.RunsFilter(job_name=RETIRE, tags=about, statuses=list(FINISHED))
    last = next((one.run_id for one in instance.get_runs(asked, limit=1)), "first")
    failed = instance.get_runs_count(
        dg.RunsFilter(job_name=RETIRE, tags={**about, "kb/commit": head},
                      statuses=[dg.DagsterRunStatus.FAILURE])
    )  # fmt: skip
    return last if failed < QUICK_ATTEMPTS else f"hour-{int(time.time()) // 3600}"


def retiring(agent: str, head: str, attempt: str) -> dg.RunRequest:
    """Ask for the end of an agent; one that failed is asked for again under another key."""
    return dg.RunRequest(
        f"-{agent}@{head}+{attempt}",
        job_name=RETIRE,
        run_config=dg.RunConfig({"retire_folder": Retirement(agent=agent)}),
        tags={"kb/agent": agent, "kb/commit": head},
    )
