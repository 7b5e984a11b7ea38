"""What one call of `kb ingest` is to do: which agents, at which commit, and who may not be built."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kb.chosen_agents import FolderOfAgents
from kb.terminal import escape, progress_console
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
    paused: list[str]
    """Agents asked for of which nothing is built; of all agents, also those without a folder."""
    waits: list[str]
    """Why agents without a folder are not ended yet; after the runs that may be otherwise."""

    def named_of(self, folder: "KnowledgeFolder", agent: str) -> list[str]:
        """Return those of one agent."""
        place = folder.place_of(agent)
        return [one for one in self.named if one.startswith(place)]


def plan_work(
    settings: "WriterSettings", folder: "KnowledgeFolder", ledger: "Ledger", asked: Asked
) -> Work:
    """Choose; what was named and cannot be done is refused before anything is done."""
    head = folder.committed() if asked.uncommitted else folder.head()
    known = _known(settings, folder, asked, head)
    wanted = known.choose(
        [str(one) for one in asked.paths], list(asked.agents), uncommitted=asked.uncommitted
    )
    gone, waits = leaving(settings, folder, ledger, asked, head)
    notes: list[str] = []
    if asked.everything:
        notes = [f"{one} is no agent: {why}" for one, why in sorted(known.refused.items())]
    if not (wanted or gone or notes or waits):
        raise BadInput(
            "there is no agent yet", where=str(folder),
            cure="make a folder of documents there, and commit it",
        )  # fmt: skip
    wanted, paused, held = _not_paused(ledger, wanted, asked)
    files = [one for one in asked.paths if not known.is_name(str(one))]
    named = [path for one in files if (path := _named(folder, head, one, asked))]
    return Work(wanted, gone, head, asked, named, [*notes, *held], paused, waits)


def _known(
    settings: "WriterSettings", folder: "KnowledgeFolder", asked: Asked, head: "Revision"
) -> FolderOfAgents:
    from dagster_kb.resources.git_files import why_no_id

    lying: list[str] = []
    if not folder.remote and asked.uncommitted:
        lying = folder.lying()
    elif not folder.remote:
        lying = [one.name for one in settings.knowledge_dir.iterdir() if one.is_dir()]
    elif any(str(one) not in folder.agents(head) for one in asked.paths):
        raise BadInput(
            "files of a repository elsewhere are not named by their path here",
            where=str(folder), cure="name the agent: kb ingest --agent AGENT",
        )  # fmt: skip
    refused = folder.refused(head)
    if asked.uncommitted:
        refused = {one: why for one in lying if (why := why_no_id(one))}
    return FolderOfAgents(
        settings.knowledge_dir, sorted(folder.agents(head)), refused, lying, str(folder)
    )


def leaving(
    settings: "WriterSettings", folder: "KnowledgeFolder", ledger: "Ledger", asked: Asked,
    head: "Revision",
) -> tuple[list[str], list[str]]:  # fmt: skip
    """Return agents without a folder that end now, and why others do not yet."""
    from dagster_kb.upkeep.retirement import Departures

    if not asked.everything or head.committed_at is None:
        return [], []
    departures = Departures(ledger, folder, settings.retire_grace_hours)
    found = departures.leaving(head, set(), many=asked.retire)
    paused = ledger.incidents.all_paused()
    return [one for one in found.now if one not in paused], found.reasons


def refuse_paused(ledger: "Ledger", work: Work, left: list[str]) -> None:
    """A paused agent that was named is refused; of all agents it is left out."""
    if work.asked.everything or not work.paused:
        return
    for one in left:
        progress_console().print(escape(one), highlight=False)
    for one in work.paused:
        ledger.incidents.refuse_if_paused(one)


def _not_paused(
    ledger: "Ledger", wanted: list[str], asked: Asked
) -> tuple[list[str], list[str], list[str]]:
    """Return who is built, who is paused, and what is said of those."""
    paused = ledger.incidents.all_paused()
    notes = [f"{one} is paused: {paused[one]['reason']} → kb resume {one}"
             for one in wanted if one in paused]  # fmt: skip
    mine = sorted(paused) if asked.everything else [one for one in wanted if one in paused]
    return [one for one in wanted if one not in paused], mine, notes


def _named(folder: "KnowledgeFolder", head: "Revision", path: Path, asked: Asked) -> str | None:
    """Return a file that is named, by its path from the root; a slip is told of what it is."""
    inside = Path(os.path.realpath(path)).relative_to(folder.root.resolve()).as_posix()
    there = folder.kind_at(head, inside)
    if not (path.exists() or there):
        raise BadInput(
            f"this is neither here nor in commit {head.sha[:12]}", where=str(path),
            cure="look at how it is written, or name the agent: kb ingest --agent AGENT",
        )  # fmt: skip
    if asked.uncommitted and path.is_file() and not folder.takes(inside):
        raise BadInput(
            "git ignores this file, so it is not read", where=str(path),
            cure=f"git add --force {path}, or take it out of .gitignore",
        )  # fmt: skip
    if not asked.uncommitted and path.is_file() and there != "file":
        raise BadInput(
            f"this file is not in commit {head.sha[:12]}, which is what is read", where=str(path),
            cure=f"git add {path} && git commit, or --uncommitted",
        )  # fmt: skip
    return inside if path.is_file() or (there == "file" and not asked.uncommitted) else None
