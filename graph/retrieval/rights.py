"""What a caller may read at one moment, and wants to look at, as Qdrant's filter and as values of a statement."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from qdrant_client import models

from graph.selection import EVERYTHING, Selection


@dataclass(frozen=True)
class Rights:
    """Groups that the caller belongs to, and the moment that documents must hold at."""

    groups: tuple[str, ...]
    moment: datetime
    only: tuple[Selection, ...] = ()
    """What is looked at of that; all of them must let a document through."""

    def looking_at(self, only: Selection) -> "Rights":
        """Narrow what is looked at."""
        return self if only == EVERYTHING else replace(self, only=(*self.only, only))

    def permitted(self, agent_id: str, chunk_ids: Sequence[str] = ()) -> models.Filter:
        """Let through what is published, the agent's own, for the caller, and holds now.

        A second lock on the alias's door; the ledger is the third. Of chunks that are named, only those.
        """
        return models.Filter(
            must=[
                _field("agent_id", match=models.MatchValue(value=agent_id)),
                _field("status", match=models.MatchValue(value="published")),
                _field("audience", match=models.MatchAny(any=list(self.groups))),
                *([models.HasIdCondition(has_id=list(chunk_ids))] if chunk_ids else []),
                *(condition for one in self.only for condition in _selected(one)),
            ],
            must_not=[
                _field("effective", range=models.DatetimeRange(gt=self.moment)),
                _field("expires", range=models.DatetimeRange(lte=self.moment)),
            ],
        )

    def values(self) -> dict[str, Any]:
        """Name what `kb.may_read` asks for."""
        return {"groups": list(self.groups), "moment": self.moment}


def _selected(only: Selection) -> Iterator[models.FieldCondition]:
    lists = {
        "tags": only.tags, "version": only.versions, "status": only.status, "audience": only.audience,
    }  # fmt: skip
    for name, wanted in lists.items():
        if wanted:
            yield _field(name, match=models.MatchAny(any=list(wanted)))
    if only.since or only.until:
        yield _field("effective", range=models.DatetimeRange(gte=only.since, lte=only.until))


def _field(name: str, **test: Any) -> models.FieldCondition:
    return models.FieldCondition(key=f"metadata.{name}", **test)
