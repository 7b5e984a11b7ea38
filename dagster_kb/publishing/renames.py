"""Folders that were renamed: the same knowledge under another name is not a new agent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dagster_kb.resources.knowledge_folder import KnowledgeFolder, Revision
from dagster_kb.resources.ledger import Ledger
from kb_contract.generation import Generation

# Of the files of both folders together, at least so many must be the same bytes.
ALIKE: Final = 0.5


@dataclass(frozen=True)
class Renames:
    """Finds what a gone folder is called now."""

    ledger: Ledger
    folder: KnowledgeFolder

    def find(self, gone: Sequence[str], head: Revision) -> dict[str, str]:
        """Return the new name of each folder that has one, and keep it; most have none."""
        trees = self.folder.agents(head)
        found: dict[str, str] = {}
        for agent in gone:
            known = self.ledger.names.successor(agent)
            if known and known["agent_id"] in trees:
                found[agent] = str(known["agent_id"])
                continue
            old = self.ledger.generations.live(agent)
            if old and (new := self._successor(old, trees, head, set(found.values()))):
                self.ledger.names.renamed(agent, new, head.sha)
                found[agent] = new
        return found

    def _successor(
        self, old: Generation, trees: Mapping[str, str], head: Revision, taken: set[str]
    ) -> str | None:
        """The folder that came when this one went, with the same files or most of them."""
        agent = old.agent_id
        if old.uncommitted or head.uncommitted:
            return None
        if not (lasts := self.folder.before_it_went(agent, head, old.git_sha)):
            return self._under_another_name(old, trees, taken) if self.folder.may_be_cut else None
        before = [self.folder.agents(last) for last in lasts]
        # One that was there beside it, however long or short, is another agent.
        beside = taken.union(*before)
        fresh = [one for one in sorted(trees) if one not in beside]
        was = {old.tree_sha, *(one.get(agent) for one in before)}
        if same := next((one for one in fresh if trees[one] in was), None):
            return same
        mine = self._blobs(lasts[0], agent)
        rated = [(alike(mine, self._blobs(head, one)), one) for one in fresh]
        best = max(rated, default=(0.0, ""))
        return best[1] if best[0] >= ALIKE else None

    def _under_another_name(
        self, old: Generation, trees: Mapping[str, str], taken: set[str]
    ) -> str | None:
        """Where history is cut off: the very same folder under a name that was never built."""
        same = (one for one in sorted(trees) if one not in taken and trees[one] == old.tree_sha)
        return next((one for one in same if not self.ledger.generations.latest(one, 1)), None)

    def _blobs(self, head: Revision, agent: str) -> list[str]:
        return [one.blob_sha for one in self.folder.files(head, agent)]


def alike(one: Sequence[str], other: Sequence[str]) -> float:
    """Pure: the share of files that both have, of all that either has."""
    both, either = set(one) & set(other), set(one) | set(other)
    return len(both) / len(either) if either else 0.0
