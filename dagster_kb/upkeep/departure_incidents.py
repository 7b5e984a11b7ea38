"""What people are told of agents whose folder is gone, or goes on under another name."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from dagster_kb.resources.knowledge_folder import KnowledgeFolder, Revision
from dagster_kb.resources.ledger import Ledger

# Incidents that are about no single agent.
EVERY_AGENT: Final = "*"
MISNAMED: Final = "folder_misnamed"
WAITING: Final = "new_name_waits"
BY: Final = "writer"


@dataclass(frozen=True)
class DepartureIncidents:
    """Opens incidents while something keeps an agent from ending, and closes them after."""

    ledger: Ledger
    folder: KnowledgeFolder

    def many_gone(self, agents: Sequence[str], why: str, head: Revision) -> None:
        """Tell that somebody may look at the wrong folder."""
        cut = (
            "this is a shallow clone: try `git fetch --unshallow`; "
            if self.folder.is_shallow
            else ""
        )
        self.ledger.incidents.open(
            EVERY_AGENT, "many_folders_gone", why,
            f"{cut}is KNOWLEDGE_DIR ({self.folder}) the right folder, and {head.sha[:12]} the right "
            "commit? if they really are gone: `kb ingest --retire`; then `kb incidents close ID`",
            facts={"agents": list(agents), "git_sha": head.sha}, by=BY,
        )  # fmt: skip

    def misnamed(self, found: Mapping[str, str], head: Revision) -> None:
        """Tell of folders that are refused, by their name or for what they are now."""
        self._close_over(MISNAMED, found.keys(), head)
        for agent, name in found.items():
            place = self.folder.place_of(agent)
            there = f"{place.removesuffix(f'{agent}/')}{name}"
            why = self.folder.refused(head)[name]
            summary, mend = (
                (f"what is in the place of its folder is refused: {why}",
                 f"put a folder with its files at {there} again") if name == agent else
                (f"its folder is called {name!r} now: {why}",
                 f"`git mv {there} {place}` (or another name of an agent)")
            )  # fmt: skip
            self.ledger.incidents.open(
                agent, MISNAMED, summary,
                f"{mend}, and commit; to end the agent, take the folder away",
                facts={"folder": there, "git_sha": head.sha}, by=BY,
            )  # fmt: skip

    def waiting(self, waiting: Mapping[str, str], grace_hours: int, head: Revision) -> None:
        """Tell of old names that are served on because the new one was refused, or takes long."""
        self._close_over(WAITING, waiting.keys(), head)
        for former, new in waiting.items():
            refused = self._why_refused(new)
            if not refused and not self.ledger.names.renamed_long_ago(former, grace_hours):
                continue
            self.ledger.incidents.open(
                former, WAITING,
                f"it is served on under its old name: {new}, as its folder is called now, does "
                "not answer yet",
                f"{self._cure(new, refused)}; to end {former} without it, take "
                f"{self.folder.place_of(new)} away and commit",
                facts={"now": new, "refused": refused, "git_sha": head.sha}, by=BY,
            )  # fmt: skip

    def _why_refused(self, agent: str) -> str:
        last = self.ledger.generations.last_ended_run(agent)
        failed = last is not None and last["status"] == "FAILED"
        return str(last["error_summary"] or "its last run failed") if last and failed else ""

    def _cure(self, new: str, refused: str) -> str:
        if pause := self.ledger.incidents.paused(new):
            return f"{new} is paused ({pause['reason']}): `kb resume {new}` when that is mended"
        if refused:
            return f"mend what refuses {new} ({refused}), and commit"
        return f"`kb ingest --agent {new}` builds it and says what is missing"

    def _close_over(self, kind: str, still: Set[str], head: Revision) -> None:
        """Close what is so no more; whoever looks at an older or another commit does not know."""
        for one in self.ledger.incidents.open_of(kind):
            agent = str(one["agent_id"])
            if agent in still:
                continue
            ended = self.ledger.generations.live(agent) is None
            if ended or self.folder.reaches(head, str(one["facts"]["git_sha"])):
                self.ledger.incidents.close(int(one["incident_id"]), by=BY)
