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
            if known and known["agent_id"] in gone:
                continue
            old = self.ledger.generations.live(agent)
            if (old or self._waits_unbuilt(agent)) and (
                new := self._successor(agent, old, trees, head, set(found.values()))
            ):
                self.ledger.names.renamed(agent, new, head.sha)
                found[agent] = new
        return {**self._renamed_again(gone, trees), **found}

    def _renamed_again(self, gone: Sequence[str], trees: Mapping[str, str]) -> dict[str, str]:
        """What is called as one that got another name too goes on under that: one folder, one heir."""
        now = {one: self.ledger.names.now(one) for one in gone}
        return {one: name for one, name in now.items() if name in trees}

    def _waits_unbuilt(self, agent: str) -> bool:
        """Whether a person holds it back since before it was ever built."""
        paused = self.ledger.incidents.paused(agent)
        return paused is not None and not self.ledger.generations.latest(agent, 1)

    def _successor(
        self, agent: str, old: Generation | None, trees: Mapping[str, str], head: Revision,
        taken: set[str],
    ) -> str | None:  # fmt: skip
        """The folder that came when this one went, with the same files or most of them."""
        if (old and old.uncommitted) or head.uncommitted:
            return None
        if not (lasts := self.folder.before_it_went(agent, head, old and old.git_sha)):
            cut = old and self.folder.may_be_cut
            return self._under_another_name(old, trees, taken) if old and cut else None
        before = [self.folder.agents(last) for last in lasts]
        # One that was there beside it, however long or short, is another agent.
        beside = taken.union(*before)
        fresh = [one for one in sorted(trees) if one not in beside]
        was = {old.tree_sha if old else None, *(one.get(agent) for one in before)} - {None}
        if same := next((one for one in fresh if trees[one] in was), None):
            return same
        # What was edited since may be hardly like it; what took its place in that very commit is.
        mine, looks = self._blobs(lasts[0], agent), (head, *self.folder.when_it_went(agent, head))
        rated = [(alike(mine, self._blobs(look, one)), one)
                 for look in looks for one in fresh if one in self.folder.agents(look)]  # fmt: skip
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


def is_file_now(folder: KnowledgeFolder, agent: str, head: Revision) -> bool:
    """Whether a file is where the agent's folder was."""
    return folder.kind_at(head, folder.place_of(agent).rstrip("/")) == "file"


def alike(one: Sequence[str], other: Sequence[str]) -> float:
    """Pure: the share of files that both have, of all that either has."""
    both, either = set(one) & set(other), set(one) | set(other)
    return len(both) / len(either) if either else 0.0
