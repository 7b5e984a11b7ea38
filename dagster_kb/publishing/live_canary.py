"""After the swap: whether the alias really answers; when not, back to what did."""

from dataclasses import dataclass, field
from typing import Final

from psycopg.errors import LockNotAvailable
from qdrant_client.http.exceptions import UnexpectedResponse

from dagster_kb.gates.canary import finds_canary
from dagster_kb.gates.golden import finds_golden
from dagster_kb.gates.verdicts import Verdict
from dagster_kb.publishing.alias_moves import aliases_of
from dagster_kb.publishing.collection_questions import CollectionQuestions
from dagster_kb.publishing.ways_back import put_back
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.errors import GateRefused, ScriptoriumError, Unavailable
from kb_contract.generation import Generation
from kb_contract.identifiers import production_alias
from kb_contract.sentence_models.vectors import ReadText

LIVE_CANARY: Final = "live_canary"
BY: Final = "live canary"


@dataclass(frozen=True)
class LiveCanary:
    """Asks through the alias, as readers do, once for each generation that went live."""

    ledger: Ledger
    store: VectorStore
    embedder: Embedder
    remembered: dict[str, ReadText] = field(default_factory=dict[str, ReadText], repr=False)

    def make_up(self, agent: str, dagster_run: str | None) -> None:
        """Ask of what is live, unless it answered before; the caller holds the agent's lock.

        A writer may have died between the swap and its canary, or found no way back.
        """
        live = self.ledger.generations.live(agent)
        if live and live.collection and not has_answered(live):
            self.run(live, dagster_run)

    def before_building(self, agent: str, dagster_run: str) -> None:
        """Ask before the other colour, which is the way back, is written over; once.

        Where there is no way back, what is built now is the cure.
        """
        if not self._in_doubt(agent):
            return
        with self.ledger.agent_lock(agent):
            if live := self._in_doubt(agent):
                verdict = self.look(live)
                self.ledger.passages.keep_live_canary(live, verdict)
                if not verdict.passed and self.ledger.ways_back.previous(agent, live.number):
                    self._refuse(live, verdict, dagster_run)

    def _in_doubt(self, agent: str) -> Generation | None:
        """What is live, if it was never asked, or is being taken back and still there."""
        live = self.ledger.generations.live(agent)
        if live is None or not live.collection or has_answered(live):
            return None
        was_asked = LIVE_CANARY in live.checks
        return None if was_asked and self.ledger.ways_back.begun(agent) is None else live

    def run(self, live: Generation, dagster_run: str | None) -> None:
        """Ask, and keep what was found; what does not answer is taken back, and refused."""
        verdict = self.look(live)
        self.ledger.passages.keep_live_canary(live, verdict)
        if not verdict.passed:
            self._refuse(live, verdict, dagster_run)

    def look(self, live: Generation) -> Verdict:
        """Where the aliases point, how much is behind them, and whether it answers."""
        alias = production_alias(self.ledger.workspace, live.agent_id)
        asked = CollectionQuestions(
            live, alias, self.ledger, self.store, self.embedder, remembered=self.remembered
        )
        try:
            if found := self._place(live) or self._count(live, alias):
                return Verdict(passed=False, description=found)
            verdicts = [finds_canary(asked), finds_golden(asked)]
        except (UnexpectedResponse, KeyError, ValueError) as error:
            # A store that is away for a moment is no answer: that is raised, and asked again.
            said = f"{alias} does not answer: {type(error).__name__}: {error}"
            return Verdict(passed=False, description=said[:500])
        facts = {**verdicts[0].facts, **verdicts[1].facts, "points": live.chunks}
        bad = [one.description for one in verdicts if one.refuses]
        said = "; ".join(bad or [one.description for one in verdicts])
        return Verdict(passed=not bad, description=said, facts=facts)

    def _place(self, live: Generation) -> str:
        now = self.store.aliases()
        names = aliases_of(self.ledger.workspace, live.agent_id)
        wrong = {name: now.get(name) for name in names if now.get(name) != live.collection}
        return f"{wrong} where {live.collection} should be" if wrong else ""

    def _count(self, live: Generation, alias: str) -> str:
        count = self.store.count(alias)
        return "" if count == live.chunks else f"{alias} has {count} points, not {live.chunks}"

    def _refuse(self, live: Generation, verdict: Verdict, dagster_run: str | None) -> None:
        served = self._taken_back(live, verdict, dagster_run)
        raise GateRefused(
            f"generation {live.number} went live and failed its live canary "
            f"({verdict.description}); {served}; the agent is paused",
            where=live.agent_id,
            cure=f"see `kb incidents {live.agent_id}`; when what is named is mended, "
            f"`kb resume {live.agent_id}` and ingest again",
        )

    def _taken_back(self, live: Generation, verdict: Verdict, dagster_run: str | None) -> str:
        """Put back what was served before, and say what is served now."""
        try:
            now = put_back(
                self.ledger, self.store, live,
                reason=f"live canary: {verdict.description}", by=BY, dagster_run=dagster_run,
            )  # fmt: skip
        except Unavailable:
            raise  # half way, and paused: the next try asks again, and goes on
        except ScriptoriumError as error:
            return self._given_up(live, error)
        if now is None:
            return f"there is nothing to go back to, so generation {live.number} is still served"
        return f"generation {now.number} ({now.git_sha[:12]}) is served again"

    def _given_up(self, failed: Generation, error: ScriptoriumError) -> str:
        """End what is refused for good: while it is begun, nothing is built, and that is the cure."""
        agent = failed.agent_id
        with self.ledger.fences.guard(agent):
            while begun := self.ledger.ways_back.begun(agent):
                self.ledger.ways_back.ended(int(begun["incident_id"]))
        now = self.ledger.generations.live(agent)
        if now and now.generation_id != failed.generation_id:
            return f"generation {now.number} is live again, but {error}"
        return f"putting back what was live before failed too ({error})"


def has_answered(live: Generation) -> bool:
    """Whether its live canary was asked, and passed."""
    kept = live.checks.get(LIVE_CANARY)
    return bool(kept and kept["passed"])


def make_up_all(canary: LiveCanary) -> dict[str, str]:
    """Ask for every agent that is live and never answered; run this before writers start.

    Returns what was said of those that do not answer.
    """
    said: dict[str, str] = {}
    for live in canary.ledger.generations.all_live():
        if LIVE_CANARY in live.checks:
            continue
        try:
            with canary.ledger.agent_lock(live.agent_id):
                canary.make_up(live.agent_id, None)
        except GateRefused as error:
            said[live.agent_id] = str(error)
        except LockNotAvailable:
            continue  # who works on it asks before anything is built
    return said
