"""A documentation folder with a life: pages come, change, shrink, move, double and go."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.doubles.git_repository import GitRepository

ROOT = Path(__file__).parents[2]
# What a random history does to sizes and doubles is no news to a gate.
SETTINGS = {"gate": {"max_shrink": 1.0, "duplicates": "off", "secrets": "off",
                     "personal_data": "off", "injection": "off", "canary": "off"}}  # fmt: skip
STAYS = "always.md"


def real_pages() -> list[str]:
    """Pages of the project's own knowledge, without what names their agent."""
    found = [path.read_text("utf-8") for path in sorted(ROOT.glob("knowledge/*/**/*.md"))
             if path.name != "instructions.md"]  # fmt: skip
    return [text.split("\n---\n", 1)[1] if text.startswith("---\n") else text for text in found]


@dataclass
class KnowledgeHistory:
    """Each step is one commit; the same seed makes the same history."""

    repository: GitRepository
    agents: tuple[str, ...]
    seed: int
    pages: list[str] = field(default_factory=real_pages)
    commits: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        for agent in self.agents:
            self._write(agent, "agent.yaml", yaml.safe_dump(SETTINGS))
            self._write(agent, STAYS, "# Always\n\nThis page stays whatever happens.\n")
        self.commits.append(self.repository.commit("the beginning"))
        for _ in range(3):
            self.step("add")

    @property
    def kinds(self) -> dict[str, Callable[[], None]]:
        return {
            "add": self._add,
            "edit": self._edit,
            "insert above": self._insert_above,
            "shrink": self._shrink,
            "delete": self._delete,
            "rename": self._rename,
            "rename and edit": self._rename_and_edit,
            "double": self._double,
            "other case": self._other_case,
            "move": self._move,
            "draft": self._draft,
        }

    def step(self, kind: str | None = None) -> str:
        """Make one commit; without a kind, chance chooses."""
        chosen = kind or self.chance.choice([*self.kinds, "add", "edit", "revert", "force back"])
        if chosen == "revert" and len(self.commits) > 5:
            self.commits.append(self.repository.revert_head())
        elif chosen == "force back" and len(self.commits) > 8:
            self.repository.reset_to(self.commits[-self.chance.randint(2, 4)])
            self.commits.append(self.repository.head())
        else:
            self.kinds.get(chosen, self._edit)()
            self.commits.append(self.repository.commit(chosen))
        return chosen

    def _folder(self, agent: str) -> Path:
        return self.repository.root / "knowledge" / agent

    def _write(self, agent: str, name: str, text: str) -> None:
        self.repository.write({f"knowledge/{agent}/{name}": text})

    def _some(self) -> tuple[str, Path] | None:
        """A page of some agent that may go."""
        there = [(agent, path) for agent in self.agents
                 for path in sorted(self._folder(agent).rglob("*.md")) if path.name != STAYS]  # fmt: skip
        return self.chance.choice(there) if there else None

    def _new_name(self) -> str:
        folder = self.chance.choice(["", "guide/", "guide/deep/", "Reference/"])
        return f"{folder}{self.chance.choice('abcdefgh')}{self.chance.randint(0, 99)}.md"

    def _add(self) -> None:
        self._write(self.chance.choice(self.agents), self._new_name(), self._text())

    def _text(self) -> str:
        """Some sections of a real page."""
        sections = self.chance.choice(self.pages).split("\n## ")
        kept = sections[: self.chance.randint(1, 4)]
        return "\n## ".join(kept) + "\n"

    def _edit(self) -> None:
        if found := self._some():
            lines = found[1].read_text("utf-8").splitlines()
            at = self.chance.randrange(len(lines) + 1)
            lines.insert(at, f"A line that was written at {self.chance.randint(0, 9999)}.")
            found[1].write_text("\n".join(lines) + "\n", "utf-8")

    def _insert_above(self) -> None:
        if found := self._some():
            text = found[1].read_text("utf-8")
            if not text.startswith("---"):
                found[1].write_text(f"Words above {self.chance.randint(0, 99)}.\n\n{text}", "utf-8")

    def _shrink(self) -> None:
        if found := self._some():
            lines = found[1].read_text("utf-8").splitlines()
            found[1].write_text("\n".join(lines[: len(lines) // 2 + 1]) + "\n", "utf-8")

    def _delete(self) -> None:
        if found := self._some():
            found[1].unlink()

    def _moved_to(self, agent: str, old: Path, name: str) -> Path:
        new = self._folder(agent) / name
        new.parent.mkdir(parents=True, exist_ok=True)
        old.rename(new)
        return new

    def _rename(self) -> None:
        if found := self._some():
            self._moved_to(found[0], found[1], self._new_name())

    def _rename_and_edit(self) -> None:
        if found := self._some():
            new = self._moved_to(found[0], found[1], self._new_name())
            new.write_text(new.read_text("utf-8") + "\nAnd a last word.\n", "utf-8")

    def _double(self) -> None:
        if found := self._some():
            self._write(
                self.chance.choice(self.agents), self._new_name(), found[1].read_text("utf-8")
            )

    def _other_case(self) -> None:
        if found := self._some():
            self._moved_to(found[0], found[1], found[1].name.swapcase().replace(".MD", ".md"))

    def _move(self) -> None:
        if found := self._some():
            other = self.chance.choice([one for one in self.agents if one != found[0]])
            self._moved_to(other, found[1], found[1].name)

    def _draft(self) -> None:
        if found := self._some():
            text = found[1].read_text("utf-8")
            hidden = text.removeprefix("---\nstatus: draft\n---\n")
            found[1].write_text(
                hidden if hidden != text else f"---\nstatus: draft\n---\n{text}", "utf-8"
            )
