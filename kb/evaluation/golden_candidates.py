"""Golden questions that people's feedback proposes: only such as hold in the documents of now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagster_kb.gates.golden_causes import plain
from dagster_kb.gates.showing import first_words
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from kb_contract.agent_manifest import GoldenQuestion

ServedTexts = Callable[[set[str]], Mapping[str, Sequence[str]]]
"""What the passages of paths say, as they are served now."""


@dataclass(frozen=True)
class Candidate:
    """A question with what should be found, and who says so."""

    question: GoldenQuestion
    kind: str
    people: Sequence[str]
    answer_id: str
    problem: str = ""
    """Why it cannot be taken as it is."""

    def as_json(self) -> dict[str, Any]:
        said = self.question
        return {
            "question": said.question, "path": said.path, "quote": said.quote, "kind": self.kind,
            "people": list(self.people), "answer_id": self.answer_id, "problem": self.problem,
        }  # fmt: skip


def candidates_of(
    rows: Sequence[Mapping[str, Any]], agent: str, folder: KnowledgeFolder,
    known: Sequence[GoldenQuestion], served: ServedTexts,
) -> list[Candidate]:  # fmt: skip
    """Make candidates of feedback, without those that golden.yaml has; the newest first.

    A quote that no passage of now holds would keep the next generation from going live.
    """
    head = folder.head()
    place = folder.place_of(agent)
    paths = {one.path[len(place) :] for one in folder.files(head, agent)}
    taken = {(plain(one.question), one.path) for one in known}
    texts = served({f"{place}{_below(place, row)}" for row in rows if row["quote"]})
    found: list[Candidate] = []
    for row in rows:
        path = _below(place, row)
        question = " ".join(str(row["question"]).split())
        if (plain(question), path) in taken or len(question) < 3:
            continue
        taken.add((plain(question), path))
        golden = GoldenQuestion(question=question, path=path, quote=row["quote"] or None)
        problem = "" if path in paths else f"there is no {path} at {head.sha[:10]}"
        if golden.quote and not problem:
            problem = _lost(golden.quote, path, texts.get(f"{place}{path}", ()))
        found.append(Candidate(golden, row["kind"], row["said_by"], row["answer_id"], problem))
    return found


def _below(place: str, row: Mapping[str, Any]) -> str:
    """The path in the agent's folder; corrections may name it so."""
    return str(row["path"]).removeprefix(place).lstrip("/")


def _lost(quote: str, path: str, texts: Sequence[str]) -> str:
    if any(plain(quote) in plain(one) for one in texts):
        return ""
    return f"no passage of {path} that is served now says “{first_words(quote, 12)}”"
