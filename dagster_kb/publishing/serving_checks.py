"""Whether an agent really serves what the ledger says: the first thing that an operator asks."""

from dataclasses import dataclass, replace

from dagster_kb.gates.golden import finds_golden
from dagster_kb.gates.whole import has_points
from dagster_kb.publishing.alias_moves import aliases_of
from dagster_kb.publishing.collection_audit import CollectionAudit
from dagster_kb.publishing.collection_evidence import exactly
from dagster_kb.publishing.collection_questions import CollectionQuestions
from dagster_kb.publishing.release_checks import Verdict
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_database import Row
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.generation import Generation
from kb_contract.identifiers import production_alias


@dataclass(frozen=True)
class ServingChecks:
    """Looks through the alias, as readers do."""

    ledger: Ledger
    store: VectorStore
    embedder: Embedder

    def run(self, agent: str, *, seen: bool = False) -> dict[str, Verdict]:
        """Ask everything; without anything live only the first two can be asked.

        `seen`: every point was looked at just now, which the stamp of that look tells.
        """
        live = self.ledger.generations.live(agent)
        found = {"last_run": self._last_run(agent), "alias": self._alias(agent, live)}
        alias = production_alias(self.ledger.workspace, agent)
        if live is None or alias not in self.store.aliases():
            return found
        asked = CollectionQuestions(live, alias, self.ledger, self.store, self.embedder)
        held = CollectionAudit(self.ledger, self.store).now(live, alias, whole=not seen)
        return {
            **found,
            "points": _both(has_points(self.store.count(alias), live.documents), exactly(held)),
            "golden_questions": finds_golden(asked),
        }

    def _last_run(self, agent: str) -> Verdict:
        """Judge the run that ended last; one under way, or one that met a pause, is only told of."""
        runs = self.ledger.generations.pipeline_runs(agent)
        if not runs:
            return Verdict(passed=False, description="there was no run: `kb ingest`")
        ended = self.ledger.generations.last_ended_run(agent)
        last, under_way = ended or runs[0], runs[0]["status"] == "RUNNING"
        good = last["status"] != "FAILED"
        passed = good or self.ledger.incidents.paused(agent) is not None
        said = _of_run(last)
        if ended and under_way:
            said += f"; {_of_run(runs[0])}"
        return Verdict(
            passed=passed,
            description=said,
            facts={
                "run_id": str(last["run_id"]), "status": last["status"],
                "under_way": under_way, "told": passed and (under_way or not good),
            },
        )  # fmt: skip

    def _alias(self, agent: str, live: Generation | None) -> Verdict:
        names = aliases_of(self.ledger.workspace, agent)
        now = self.store.aliases()
        if live is None:
            last = self.ledger.generations.latest(agent, 1)
            why = f": {last[0].reason}" if last and last[0].reason else ""
            return Verdict(passed=False, description=f"nothing is live{why}")
        wrong = {name: now.get(name) for name in names if now.get(name) != live.collection}
        if wrong:
            said = f"{wrong} where the ledger says {live.collection}: `kb ingest` puts it back"
            return Verdict(passed=False, description=said)
        said = f"{' and '.join(names)} → {live.collection} (generation {live.number})"
        return Verdict(passed=True, description=said, facts={"collection": live.collection})


def _of_run(run: Row) -> str:
    said = f"{run['status']} of {run['git_sha'][:10]}, begun {run['started_at']:%Y-%m-%d %H:%M}"
    return f"{said}: {run['error_summary']}" if run["error_summary"] else said


def _both(one: Verdict, other: Verdict) -> Verdict:
    """Return the one that failed, or the second with the facts of both."""
    return one if not one.passed else replace(other, facts={**one.facts, **other.facts})
