"""Looking through passages for what should not be in them, and telling of it without repeating it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from dagster_kb.gates.evidence import Passage, Suspects
from dagster_kb.gates.verdicts import Choice, Json, Table, Verdict, by_choice, named, table
from kb_contract.identifiers import sha256_text

# Raised when a pattern changes: then what is served is looked through again.
SCAN_VERSION: Final = 3
_KEPT: Final = 1000
_LINE: Final = re.compile(r"[^\r\n]*")


@dataclass(frozen=True)
class Hit:
    """What a scanner found, and where in the text."""

    kind: str
    start: int
    end: int


Scanner = Callable[[str], Iterable[Hit]]


@dataclass(frozen=True)
class Finding:
    """A hit at its place. It never holds what was found, only a name of its own."""

    kind: str
    path: str
    heading: str
    line: int | None
    finding_id: str

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True)
class Scan:
    """What came of looking through passages."""

    findings: Sequence[Finding]
    allowed: int
    passages: int


@dataclass(frozen=True)
class Findings:
    """How a family of findings is told of."""

    setting: str
    what: str
    cure: str

    def verdict(self, choice: Choice, scan: Scan) -> Verdict:
        facts: Json = {
            "found": len(scan.findings), "allowed": scan.allowed, "passages": scan.passages,
            "scan": SCAN_VERSION,
        }  # fmt: skip
        if not scan.findings:
            also = f", {scan.allowed} allowed by agent.yaml" if scan.allowed else ""
            said = f"no {self.what} in {scan.passages} new passages{also}"
            return Verdict(passed=True, description=said, facts=facts)
        first = [f"{one.place} ({one.kind}, {one.finding_id})" for one in scan.findings]
        allow = f"`gate: {{allow: {{{self.setting}: [{scan.findings[0].finding_id}]}}}}`"
        said = (
            f"{len(scan.findings)} finding(s) of {self.what}: {named(first)} → {self.cure}; "
            f"or allow it in agent.yaml by its id or a path: {allow}"
        )
        found = Verdict(passed=False, description=said, facts=facts, table=_table(scan.findings))
        return by_choice(choice, found)


def scan(
    scanner: Scanner,
    suspects: Suspects,
    line: Callable[[Passage, int], int | None],
    allowed: Callable[[str, str], bool],
) -> Scan:
    """Find the places in what is suspect; `allowed` is asked of (path, id of the finding)."""
    kept: list[Finding] = []
    passed_over = 0
    for passage in suspects.passages:
        for hit in scanner(passage.text):
            identity = finding_id(hit, passage.text)
            if allowed(passage.path, identity):
                passed_over += 1
            elif len(kept) < _KEPT:
                where = line(passage, hit.start)
                kept.append(Finding(hit.kind, passage.path, passage.place, where, identity))
    return Scan(kept, passed_over, suspects.looked)


def allow_list(agent: str, allowed: Sequence[str]) -> Callable[[str, str], bool]:
    """Say what agent.yaml allows: ids of findings, and globs relative to the agent's folder."""
    folder = re.compile(rf"(?=(/{re.escape(agent)}/))")

    def is_allowed(path: str, identity: str) -> bool:
        # The folder of agents may have the agent's name, so each place of it may be the agent's.
        whole = f"/{path}"
        inside = [whole[at.end(1) :] for at in folder.finditer(whole)] or [path]
        return identity in allowed or any(
            fnmatchcase(place, one) for place in inside for one in allowed
        )

    return is_allowed


def finding_id(hit: Hit, text: str) -> str:
    """Name a finding by its kind and its line: it is another one when its line changes."""
    begin = max(text.rfind("\n", 0, hit.start), text.rfind("\r", 0, hit.start)) + 1
    line = _LINE.match(text, begin)
    return sha256_text(f"{hit.kind}\n{line[0].strip() if line else ''}")[:16]


def _table(findings: Sequence[Finding]) -> Table | None:
    rows = [[one.path, one.line or "", one.heading, one.kind, one.finding_id] for one in findings]
    return table(("document", "line", "heading", "kind", "id"), rows)
