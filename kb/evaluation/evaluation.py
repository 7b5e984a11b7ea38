"""One measurement as it is kept, compared and shown: figures, and what came of every question."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kb_contract.errors import BadInput

Kind = Literal["retrieval", "answers", "citations", "extraction"]
# What can be compared question by question; more is better in all of them.
COMPARABLE: Mapping[Kind, Sequence[str]] = {
    "retrieval": (
        "ndcg@10",
        "ndcg@10_answered",
        "recall@10",
        "precision@5",
        "mrr@10",
        "all@4",
        "all@10",
        "refusal_right",
    ),
    "answers": ("found", "cited", "verified", "refusal_right"),
    "citations": ("verified",),
    "extraction": ("valid", "first_time", "names_found", "names_right", "says"),
}


class Evaluation(BaseModel):
    """A measurement, whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    data: str
    """Name of the labelled data."""
    agent: str = ""
    """Whose answers these are; empty: the planner chose, or the agent was a throw-away one."""
    generation: int | None = None
    git_sha: str = ""
    model: str = ""
    """The embedding model; of extraction the one that reads."""
    at: datetime
    figures: dict[str, Any]
    questions: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])

    def save(self, file: Path) -> None:
        """Write it, so that a later one can be compared with it."""
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self.model_dump_json(indent=1), "utf-8")
        except OSError as error:
            raise BadInput(
                str(error), where=str(file), cure="name a file that can be written"
            ) from error

    @classmethod
    def read(cls, file: Path) -> "Evaluation":
        """Read what `save` wrote."""
        try:
            return cls.model_validate(json.loads(file.read_text("utf-8")))
        except (OSError, ValueError, ValidationError) as error:
            raise BadInput(
                f"this is no saved evaluation: {str(error)[:200]}", where=str(file),
                cure="give a file that `--save` wrote",
            ) from error  # fmt: skip

    def by_question(self, figure: str) -> dict[str, float]:
        """Return a figure of every question that has it."""
        return {str(one["id"]): float(one[figure]) for one in self.questions
                if one.get(figure) is not None}  # fmt: skip

    def floors(self) -> dict[str, dict[str, float]]:
        """Return nDCG@10 of plain searches, by their name and by question; empty where none was asked."""
        found: dict[str, dict[str, float]] = {}
        for one in self.questions:
            said: dict[str, float] = one.get("floors") or {}
            for name, value in said.items():
                found.setdefault(name, {})[str(one["id"])] = value
        return found
