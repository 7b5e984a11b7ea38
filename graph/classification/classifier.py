"""What a classification is, and what anything must do that makes one."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from graph.classification.query_type import QueryType

Path = Literal["model", "wording", "llm", "asked", "rules", "small_talk", "empty"]


@dataclass(frozen=True)
class Classification:
    """The type of a question, how sure we are, and why."""

    query_type: QueryType
    confidence: float
    path: str
    """What decided: see `Path`; "wording" is the trained model without the sentence model."""
    alternatives: tuple[tuple[QueryType, float], ...] = ()
    """The other types with their probabilities, the likeliest first."""
    reasons: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain data for the state and for `kb classify --json`."""
        data = asdict(self)
        data["alternatives"] = [list(one) for one in self.alternatives]
        data["reasons"] = list(self.reasons)
        return data


def classification_from_json(data: dict[str, Any]) -> Classification:
    """Read back what `as_json` wrote."""
    return Classification(
        query_type=data["query_type"],
        confidence=float(data["confidence"]),
        path=str(data["path"]),
        alternatives=tuple((kind, float(chance)) for kind, chance in data["alternatives"]),
        reasons=tuple(data.get("reasons", ())),
    )


class KnownAgents(Protocol):
    """What a classifier may want of the registry: names and titles, whose words do not decide."""

    def names(self) -> tuple[str, ...]: ...

    def titles(self) -> tuple[str, ...]: ...


class Classifier(Protocol):
    """Tells the type of a question, by rules or by a trained model."""

    async def classify(self, question: str, *, registry: KnownAgents) -> Classification: ...
