"""The gates between a collection and its alias: pure functions, one list.

The asset checks run them so that people see them; the swap runs them again, because a check
blocks only the run that it is part of.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Protocol

from pydantic import ValidationError

from kb_contract.agent_manifest import GateSettings, GoldenQuestion
from kb_contract.identifiers import sha256_json
from kb_contract.payload import CONTRACT_VERSION, ChunkPayload

Payload = Mapping[str, Any]
Json = dict[str, Any]
_NAMED: Final = 10


@dataclass(frozen=True)
class Verdict:
    """What a gate found."""

    passed: bool
    description: str
    facts: Json = field(default_factory=dict[str, Any])

    def as_json(self) -> Json:
        return asdict(self)


class Evidence(Protocol):
    """What the gates look at; each is fetched when a gate asks for it."""

    def sample(self) -> Sequence[Payload]: ...
    def count(self) -> int: ...
    def wanted(self) -> Mapping[str, str]: ...
    def held(self) -> Iterable[tuple[str, Payload]]: ...
    def spaces(self) -> tuple[Json, Json | None, int | None]: ...
    def golden(self) -> Sequence[tuple[GoldenQuestion, Sequence[Payload]]]: ...
    def agent(self) -> str: ...
    def gate(self) -> GateSettings: ...


@dataclass(frozen=True)
class Gate:
    """A named question about a collection."""

    name: str
    asks: str
    look: Callable[[Evidence], Verdict]
    doubts_collection: bool = True
    """Whether a failure means that the collection itself is not what it should be."""
    reads_all: bool = False
    """Whether it reads every point; one run asks it once as long as nobody wrote meanwhile."""


def keeps_contract(sample: Sequence[Payload]) -> Verdict:
    """Every payload of the sample has the version and the fields that readers expect."""
    for payload in sample:
        said = payload.get("contract_version")
        if said != CONTRACT_VERSION:
            return Verdict(
                passed=False, description=f"contract version {said!r}, wanted {CONTRACT_VERSION}"
            )
        try:
            ChunkPayload.model_validate(dict(payload))
        except ValidationError as error:
            return Verdict(passed=False, description=f"a payload is not readable: {error}"[:500])
    return Verdict(
        passed=True,
        description=f"{len(sample)} payloads keep contract version {CONTRACT_VERSION}",
        facts={"sample": len(sample)},
    )


def has_points(count: int) -> Verdict:
    """An empty collection answers nothing, so it never replaces one that does."""
    said = f"{count} points" if count else "no points: publish at least one document"
    return Verdict(passed=count > 0, description=said, facts={"points": count})


def holds_exactly(wanted: Mapping[str, str], held: Iterable[tuple[str, Payload]]) -> Verdict:
    """The collection holds every chunk of the manifest as it should be, and no other."""
    missing = dict(wanted)
    strange: list[str] = []
    changed: list[str] = []
    for chunk_id, payload in held:
        digest = missing.pop(chunk_id, None)
        if digest is None:
            strange.append(chunk_id)
        elif sha256_json(payload) != digest:
            changed.append(chunk_id)
    facts: Json = {"wanted": len(wanted), "missing": len(missing), "strange": len(strange),
                   "changed": len(changed)}  # fmt: skip
    if not (missing or strange or changed):
        return Verdict(passed=True, description=f"exactly the {len(wanted)} chunks", facts=facts)
    named = [*list(missing)[:_NAMED], *strange[:_NAMED], *changed[:_NAMED]]
    return Verdict(
        passed=False,
        description=f"{len(missing)} missing, {len(strange)} strange and {len(changed)} changed "
        f"points of {len(wanted)}",
        facts={**facts, "for_example": named},
    )


def same_space(wanted: Json, held: Json | None, dimension: int | None) -> Verdict:
    """The vectors are of the generation's space: same model, same weights, same dimension."""
    facts: Json = {"dimension": dimension, "model": wanted["model"]}
    if dimension != wanted["dimension"]:
        said = f"dimension {dimension}, wanted {wanted['dimension']}"
        return Verdict(passed=False, description=said, facts=facts)
    if held != wanted:
        said = f"vectors of another space: {held}, wanted {wanted}"
        return Verdict(passed=False, description=said, facts=facts)
    return Verdict(
        passed=True, description=f"{dimension} dimensions of {wanted['model']}", facts=facts
    )


def finds_golden(
    agent: str, results: Sequence[tuple[GoldenQuestion, Sequence[Payload]]], gate: GateSettings
) -> Verdict:
    """Enough of the golden questions find what they must, near enough to the top."""
    if not results:
        return Verdict(passed=True, description="no golden questions", facts={"questions": 0})
    failed = [question for question, found in results
              if not any(answers(agent, question, one) for one in found[: gate.golden_at])]  # fmt: skip
    recall = 1 - len(failed) / len(results)
    facts: Json = {"questions": len(results), "recall": recall, "wanted": gate.golden_recall,
                   "not_found": [one.question for one in failed]}  # fmt: skip
    if recall >= gate.golden_recall:
        said = f"{len(results) - len(failed)} of {len(results)} golden questions found"
        return Verdict(passed=True, description=said, facts=facts)
    named = "; ".join(f"{one.question!r} should find {one.path}" for one in failed[:_NAMED])
    return Verdict(
        passed=False,
        description=f"recall@{gate.golden_at} is {recall:.2f}, wanted {gate.golden_recall:.2f}: "
        f"{named}",
        facts=facts,
    )


def answers(agent: str, question: GoldenQuestion, payload: Payload) -> bool:
    """Whether a found chunk is of the document, and has the words, that the question wants."""
    path = f"/{payload['metadata']['path']}"
    if not path.endswith(f"/{agent}/{question.path.lstrip('/')}"):
        return False
    return question.quote is None or _plain(question.quote) in _plain(payload["text_chunk"])


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


GATES: Final = (
    Gate(
        "keeps_contract",
        "Payloads have the version and the fields that readers expect.",
        lambda evidence: keeps_contract(evidence.sample()),
    ),
    Gate(
        "has_points",
        "The collection is not empty.",
        lambda evidence: has_points(evidence.count()),
        doubts_collection=False,
    ),
    Gate(
        "holds_exactly",
        "Every chunk of the manifest is there with its payload, and no other.",
        lambda evidence: holds_exactly(evidence.wanted(), evidence.held()),
        reads_all=True,
    ),
    Gate(
        "same_space",
        "Vectors are of the generation's model, weights and dimension.",
        lambda evidence: same_space(*evidence.spaces()),
    ),
    Gate(
        "finds_golden",
        "The questions of golden.yaml find the passages that they must.",
        lambda evidence: finds_golden(evidence.agent(), evidence.golden(), evidence.gate()),
        doubts_collection=False,
    ),
)
