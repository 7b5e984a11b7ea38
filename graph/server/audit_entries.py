"""Entries of the audit: one chain of digests, in which every question and decision stands."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

CUT: Final = "cut"


def entry_body(row: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as it is shown: what it says, and its link in the chain."""
    return {**json.loads(row["entry"]), "previous": row["previous"], "entry_digest": row["digest"]}


def digest_of(previous: str, entry: str) -> str:
    """Digest of a link: the one before it, and its own letters."""
    return hashlib.sha256(f"{previous}\n{entry}".encode()).hexdigest()


@dataclass
class Chain:
    """Goes along the chain, and stops at the first link that is not what it was."""

    count: int = 0
    head: str = ""
    broken: int | None = None
    reason: str = ""
    cut: tuple[int, str] = (0, "")
    """The last entry that was taken away, as those that are left say."""

    def follow(self, rows: Iterable[Mapping[str, Any]]) -> "Chain":
        for row in rows:
            if self.broken is not None:
                return self
            self.reason = self._wrong(row)
            if self.reason:
                self.broken = row["n"]
                return self
            self.count, self.head = row["n"], row["digest"]
            said = json.loads(row["entry"])
            if said.get("kind") == CUT:
                self.cut = (said["through"], said["head"])
        return self

    def _wrong(self, row: Mapping[str, Any]) -> str:
        if row["n"] != self.count + 1:
            return f"entry {self.count + 1} is missing"
        if row["previous"] != self.head:
            return "it does not follow the entry before it"
        if row["digest"] != digest_of(row["previous"], row["entry"]):
            return "its words are not those that were written"
        if json.loads(row["entry"]).get("n") != row["n"]:
            return "its number is not its own"
        return ""
