"""What one call of `kb ingest` is to do: which agents, at which commit, and who may not be built."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kb.chosen_agents import FolderOfAgents
from kb_contract.errors import BadInput

if TYPE_CHECKING:
    from dagster_kb.resources.knowledge_folder import KnowledgeFolder, Revision
    from dagster_kb.resources.ledger import Ledger
    from dagster_kb.settings import WriterSettings


@dataclass(frozen=True)
class Asked:
    """The words of the command."""

    paths: Sequence[Path] = ()
    agents: Sequence[str] = ()
    uncommitted: bool = False
    force: bool = False
    retire: bool = False
    extract: bool = False
    yes: bool = False
    """To a long run, and to what extraction costs."""

    @property
    def everything(self) -> bool:
        return not (self.paths or self.agents)


@dataclass(frozen=True)
class Work:
    """What is to be done."""

    agents: list[str]
    gone: list[str]
    """Agents whose folder is gone; looked for when everything is ingested."""
    head: "Revision"
    asked: Asked
    named: list[str]
    """Files that were named, by their path from the repository's root."""
    notes: list[str]
    """What is left alone, and why."""

    def named_of(self, folder: "KnowledgeFolder", agent: str) -> list[str]:
        """Return those of one agent."""
        place = folder.place_of(agent)
        return [one for one in self.named if one.startswith(place)]


def plan_work(
    settings: "WriterSettings", folder: "KnowledgeFolder", ledger: "Ledger", asked: Asked
) -> Work:
    """Choose; what was named and cannot be done is refused before anything is done."""
    head = folder.head()
    trees = folder.agents(head)
    lying: list[str] = []
    if not folder.remote:
        lying = [one.name for one in settings.knowledge_dir.iterdir() if one.is_dir()]
    elif asked.paths:
        raise BadInput(
            "files of a repository elsewhere are not named by their path here",
            where=str(folder), cure="name the agent: kb ingest --agent AGENT",
        )  # fmt: skip
    known = FolderOfAgents(
        settings.knowledge_dir, sorted(trees), folder.refused(head), lying, str(folder)
    )
    wanted = known.choose(
        [str(one) for one in asked.paths], list(asked.agents), uncommitted=asked.uncommitted
    )
    gone, notes = _leaving(settings, folder, ledger, asked, head)
    if not (wanted or gone or notes):
        raise BadInput(
            "there is no agent yet", where=str(folder),
            cure="make a folder of documents there, and commit it",
        )  # fmt: skip
    wanted, paused = _not_paused(ledger, wanted, asked)
    named = [_named(folder, head, one, asked) for one in asked.paths if one.is_file()]
    return Work(wanted, gone, head, asked, named, [*notes, *paused])


def _leaving(
    settings: "WriterSettings", folder: "KnowledgeFolder", ledger: "Ledger", asked: Asked,
    head: "Revision",
) -> tuple[list[str], list[str]]:  # fmt: skip
    from dagster_kb.upkeep.retirement import Departures

    if not asked.everything:
        return [], []
    departures = Departures(ledger, folder, settings.retire_grace_hours)
    leaving = departures.leaving(head, set(), many=asked.retire)
    paused = ledger.incidents.all_paused()
    return [one for one in leaving.now if one not in paused], leaving.reasons


def _not_paused(ledger: "Ledger", wanted: list[str], asked: Asked) -> tuple[list[str], list[str]]:
    """A paused agent that was named is refused; of all agents it is left out."""
    if not asked.everything:
        for one in wanted:
            ledger.incidents.refuse_if_paused(one)
    paused = ledger.incidents.all_paused()
    notes = [f"{one} is paused: {paused[one]['reason']} → kb resume {one}"
             for one in wanted if one in paused]  # fmt: skip
    return [one for one in wanted if one not in paused], notes


def _named(folder: "KnowledgeFolder", head: "Revision", file: Path, asked: Asked) -> str:
    path = file.resolve().relative_to(folder.root.resolve()).as_posix()
    if not asked.uncommitted and not folder.has(head, path):
        raise BadInput(
            f"this file is not in commit {head.sha[:12]}, which is what is read", where=str(file),
            cure=f"git add {file} && git commit, or --uncommitted",
        )  # fmt: skip
    return path
