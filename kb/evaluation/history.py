"""Measurements in Postgres: one after the other, of one agent, of one set of questions."""

import getpass
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from kb.evaluation.comparison import Difference
from kb.evaluation.evaluation import Evaluation
from kb_contract.named_queries import named_queries

Row = dict[str, Any]


@dataclass(frozen=True)
class EvaluationHistory:
    """Keeps measurements of one workspace, and reads them."""

    database_url: str
    workspace: str

    def keep(self, found: Evaluation, differences: Sequence[Difference]) -> int:
        """Keep a measurement with its difference to the one before; returns its number."""
        [row] = self._rows("keep_evaluation", {
            **found.model_dump(include={"kind", "data", "generation", "model", "at"}),
            "agent": found.agent or None, "git_sha": found.git_sha or None,
            "figures": Jsonb(found.figures), "questions": Jsonb(found.questions),
            "differences": Jsonb({one.figure: one.as_json() for one in differences}),
            "by": getpass.getuser(),
        })  # fmt: skip
        return int(row["evaluation_id"])

    def previous(self, like: Evaluation) -> Evaluation | None:
        """Return the newest measurement of the same kind, data and agent."""
        found = self._rows("previous_evaluation",
                           {"kind": like.kind, "data": like.data, "agent": like.agent or None})  # fmt: skip
        return Evaluation.model_validate(found[0]) if found else None

    def newest(self, *, agent: str | None, kind: str | None, limit: int) -> list[Row]:
        """Return figures without questions, newest first."""
        return self._rows("evaluations", {"agent": agent, "kind": kind, "limit": limit})

    def citations(self, *, agent: str | None, answers: int) -> list[Row]:
        """Return what the newest answers quote."""
        return self._rows("kept_citations", {"agent": agent, "answers": answers})

    def candidates(self, agent: str) -> list[Row]:
        """Return what people's feedback says that questions should find."""
        return self._rows("golden_candidates", {"agent": agent})

    def served_texts(self, agent: str, paths: Iterable[str]) -> dict[str, list[str]]:
        """Return what the passages of documents say, as they are served now."""
        found = dict[str, list[str]]()
        for row in self._rows("served_texts", {"agent": agent, "paths": list(paths)}):
            found.setdefault(row["path"], []).append(row["text"])
        return found

    def gaps(self, *, agent: str | None, state: str | None, limit: int) -> list[Row]:
        """Return questions that nobody could answer, the open ones and the most asked first."""
        return self._rows("gaps", {"agent": agent, "state": state, "limit": limit})

    def dismiss(self, gap: int) -> bool:
        """End a gap that no document will close; False when it is not open."""
        return bool(self._rows("dismiss_gap", {"gap": gap, "by": getpass.getuser()}))

    def _rows(self, name: str, values: Mapping[str, Any]) -> list[Row]:
        statement = named_queries("evaluations")[name].encode()
        with psycopg.connect(self.database_url, connect_timeout=5) as connection:
            cursor = connection.cursor(row_factory=dict_row)
            return cursor.execute(statement, {"workspace": self.workspace, **values}).fetchall()
