"""Evidence that is given: what a gate sees when the collection, the ledger and git say just this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dagster_kb.gates.evidence import (
    Asked,
    Canary,
    Family,
    Found,
    Passage,
    Quoted,
    Size,
    Suspects,
    Twins,
)
from dagster_kb.gates.verdicts import Json, Payload, Verdict
from kb_contract.agent_manifest import GateSettings

AGENT = "a"


@dataclass(frozen=True)
class KnownEvidence:
    """The agent `a`; only what a test is about need be given."""

    settings: GateSettings = field(default_factory=GateSettings)
    questions: Sequence[Asked] = ()
    live_questions: Sequence[Asked] | None = None
    asked_before: int = 0
    passages: Sequence[Passage] = ()
    unpublished: Mapping[str, str] = field(default_factory=dict)
    sizes: tuple[Size, Size | None] = (Size(2, 1, 1), None)
    same: Twins = field(default_factory=lambda: Twins(0, ()))
    in_git: Quoted = field(default_factory=lambda: Quoted((), 0, "c" * 40))
    birds: Sequence[Canary] = ()

    def agent(self) -> str:
        return AGENT

    def gate(self) -> GateSettings:
        return self.settings

    def golden(self) -> Sequence[Asked]:
        return self.questions

    def golden_of_live(self) -> Sequence[Asked] | None:
        return self.live_questions

    def agent_of_live(self) -> str:
        return AGENT

    def golden_before(self) -> int:
        return self.asked_before

    def canaries(self) -> Sequence[Canary]:
        return self.birds

    def files(self) -> Mapping[str, str]:
        return {**{one.path: "" for one in self.passages}, **self.unpublished}

    def passages_of(self, path: str) -> Sequence[Passage]:
        return [one for one in self.passages if one.path == path]

    def suspects(self, family: Family) -> Suspects:
        return Suspects(self.passages, sum(not one.is_head for one in self.passages))

    def line(self, passage: Passage, offset: int) -> int | None:
        return passage.text.count("\n", 0, offset) + 1

    def size(self) -> Size:
        return self.sizes[0]

    def size_of_live(self) -> Size | None:
        return self.sizes[1]

    def twins(self) -> Twins:
        return self.same

    def quoted(self) -> Quoted:
        return self.in_git

    def sample(self) -> Sequence[Payload]:
        return [payload(one) for one in self.passages]

    def count(self) -> int:
        return len(self.passages)

    def exactness(self) -> Verdict:
        return Verdict(passed=True, description="exactly")

    def spaces(self) -> tuple[Json, Json | None, int | None]:
        return {"dimension": 3, "model": "m"}, {"dimension": 3, "model": "m"}, 3


def passage(
    text: str, name: str = "x.md", heading: Sequence[str] = ("Keys",), **more: Any
) -> Passage:
    """A passage of the agent's document of that name."""
    values: dict[str, Any] = {"chunk_id": "1", "start": 0, "end": len(text), "title": "T", **more}
    return Passage(path=f"knowledge/{AGENT}/{name}", heading_path=heading, text=text, **values)


def found(one: Passage, score: float = 0.5) -> Found:
    """The passage as a search gives it."""
    return Found(payload(one), score)


def payload(one: Passage) -> dict[str, Any]:
    """As much of a payload as the gates read."""
    return {
        "text_chunk": one.text,
        "metadata": {"path": one.path, "heading_path": list(one.heading_path)},
    }
