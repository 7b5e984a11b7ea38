"""Which agents a command is about: named, or those whose folders the given paths lie in."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kb_contract.errors import BadInput


@dataclass(frozen=True)
class FolderOfAgents:
    """What git and the working tree say about the knowledge folder."""

    path: Path
    there: Sequence[str]
    """Agents at the last commit."""
    refused: Mapping[str, str]
    """Folders that cannot be agents, with the reason."""
    lying: Sequence[str]
    """Folders of the working tree, committed or not; of what is not committed, all that git takes."""
    shown: str = ""
    """What people call it; its path, when there is nothing better."""

    def choose(self, paths: Sequence[str], named: Sequence[str], *, uncommitted: bool) -> list[str]:
        """Return the agents, each once; what is no agent is said with what there is."""
        every = self.there
        if uncommitted:
            every = [one for one in self.lying if one not in self.refused]
        wanted = [*named, *(one for path in paths for one in self._agents_of(path, every))]
        if not (paths or named):
            wanted = list(every)
        for one in wanted:
            if one not in self.there and not (uncommitted and one in self.lying):
                raise self._unknown(one)
        return list(dict.fromkeys(wanted))

    def is_name(self, path: str) -> bool:
        """Whether the bare name of an agent was given, where no file is called so."""
        return path in {*self.there, *self.refused, *self.lying} and not os.path.lexists(path)

    def _agents_of(self, path: str, every: Sequence[str]) -> Sequence[str]:
        if self.is_name(path):
            return [path]
        inside = Path(os.path.relpath(os.path.realpath(path), os.path.realpath(self.path)))
        if inside == Path():
            return every
        first = inside.parts[0]
        if first == "..":
            raise BadInput(
                "this lies in no agent's folder", where=path,
                cure=f"name a file or a folder in {self.path}/<agent>/",
            )  # fmt: skip
        if len(inside.parts) == 1 and (self.path / first).is_file():
            raise BadInput(
                "this file is in no agent's folder", where=path,
                cure="move it into the folder of an agent; each folder there is one",
            )  # fmt: skip
        return [first]

    def _unknown(self, agent: str) -> BadInput:
        where, known = self.shown or str(self.path), ", ".join(self.there)
        if agent in self.refused:
            return BadInput(self.refused[agent], where=str(self.path / agent),
                            cure="rename or replace the folder, and commit")  # fmt: skip
        if agent in self.lying:
            return BadInput(
                f"the folder {agent!r} has nothing that is committed", where=where,
                cure=f"git add {self.path / agent} && git commit, or --uncommitted",
            )  # fmt: skip
        if (self.path / agent).is_file():
            return BadInput(
                f"{agent!r} is a file, and an agent is a folder", where=where,
                cure="move it into the folder of an agent, and commit",
            )  # fmt: skip
        return BadInput(
            f"there is no agent {agent!r}", where=where,
            cure=f"choose of: {known}" if known else "make a folder there, and commit it",
        )  # fmt: skip
