"""What a caller may read at one moment, as Qdrant's filter and as values of a statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qdrant_client import models


@dataclass(frozen=True)
class Rights:
    """Groups that the caller belongs to, and the moment that documents must hold at."""

    groups: tuple[str, ...]
    moment: datetime

    def permitted(self, agent_id: str, tags: Sequence[str] | None = None) -> models.Filter:
        """Let through what is published, the agent's own, for the caller, and holds now.

        A second lock on the alias's door; the ledger is the third.
        """
        return models.Filter(
            must=[
                _field("agent_id", match=models.MatchValue(value=agent_id)),
                _field("status", match=models.MatchValue(value="published")),
                _field("audience", match=models.MatchAny(any=list(self.groups))),
                *([_field("tags", match=models.MatchAny(any=list(tags)))] if tags else []),
            ],
            must_not=[
                _field("effective", range=models.DatetimeRange(gt=self.moment)),
                _field("expires", range=models.DatetimeRange(lte=self.moment)),
            ],
        )

    def values(self) -> dict[str, Any]:
        """Name what `kb.may_read` asks for."""
        return {"groups": list(self.groups), "moment": self.moment}


def _field(name: str, **test: Any) -> models.FieldCondition:
    return models.FieldCondition(key=f"metadata.{name}", **test)
