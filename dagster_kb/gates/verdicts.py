"""What a gate says, and what it says it of."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

Payload = Mapping[str, Any]
Json = dict[str, Any]
Choice = Literal["refuse", "warn", "off"]
# A page and a row of the ledger show so many; the figures count all.
NAMED: Final = 50
_IN_A_SENTENCE: Final = 3


@dataclass(frozen=True)
class Table:
    """Findings, one to a row."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Verdict:
    """What a gate found."""

    passed: bool
    description: str
    facts: Json = field(default_factory=dict[str, Any])
    table: Table | None = None
    warns: bool = False
    """Whether a finding is told only: nothing is held back for it."""

    @property
    def refuses(self) -> bool:
        """Whether the generation may not go live for this."""
        return not self.passed and not self.warns

    def as_json(self) -> Json:
        return {**asdict(self), "refuses": self.refuses}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Verdict":
        """Read what the ledger kept; an older row has no table."""
        table = kept.get("table")
        return cls(
            kept["passed"], kept["description"], kept["facts"],
            Table(table["heads"], table["rows"]) if table else None, kept.get("warns", False),
        )  # fmt: skip


def by_choice(choice: Choice, found: Verdict) -> Verdict:
    """Let a finding refuse, or only warn, as agent.yaml has it."""
    return replace(found, warns=choice == "warn" and not found.passed)


def switched_off(setting: str) -> Verdict:
    """Say that nobody looked."""
    said = f"not looked at: agent.yaml says `gate: {{{setting}: off}}`"
    return Verdict(passed=True, description=said, facts={"off": True})


def named(rows: Sequence[str], of: int = _IN_A_SENTENCE) -> str:
    """Name the first few, and say how many more there are."""
    more = f"; and {len(rows) - of} more" if len(rows) > of else ""
    return "; ".join(rows[:of]) + more


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table | None:
    """Make a table of findings; none of nothing."""
    return Table(heads, [list(one) for one in rows[:NAMED]]) if rows else None
