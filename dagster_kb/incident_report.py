"""An incident in the words of a ticket, and the page of a tracker on which it is filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

# What the template in the settings may be.
INCIDENT_TEMPLATE: Final = r"^$|^https?://\S*\{title\}\S*$"
# Trackers refuse addresses of more than some 8,000 characters.
LONGEST_TITLE: Final = 120
LONGEST_LINK: Final = 6000
# Of deletions by hand.
CLOSED_BY_RUNS: Final = {"hotfix", "deleted_text_is_back"}
_CUT: Final = "…"


@dataclass(frozen=True)
class IncidentReport:
    """Says what, where and what next; facts stay in the ledger, for they may name people."""

    title: str
    body: str

    @classmethod
    def of(cls, incident: Mapping[str, Any]) -> "IncidentReport":
        agent, generation = incident["agent_id"], incident.get("generation")
        lines = (
            incident["summary"], "",
            f"- agent: {agent}",
            f"- kind: {incident['kind']}",
            *([f"- generation: {generation}"] if generation else ()),
            f"- opened: {incident['opened_at']:%Y-%m-%d %H:%M %Z} by {incident['opened_by']}", "",
            f"Next: {incident['next_step']}", "",
            f"{_end(incident)} Its facts: `kb incidents {agent} --json`.",
        )  # fmt: skip
        return cls(
            _cut(f"{agent}: {_one_line(incident['summary'])}", LONGEST_TITLE), "\n".join(lines)
        )

    def link(self, template: str) -> str | None:
        """Fill the address of a tracker's form; None where no tracker is set."""
        if not template:
            return None
        address = template.replace("{title}", quote(self.title, safe=""))
        return address.replace("{body}", self._encoded_within(LONGEST_LINK - len(address)))

    def _encoded_within(self, room: int) -> str:
        """Cut between characters, never inside of one's escape."""
        if len(whole := quote(self.body, safe="")) <= room:
            return whole
        room -= len(quote(_CUT))
        kept: list[str] = []
        for one in self.body:
            room -= len(escaped := quote(one, safe=""))
            if room < 0:
                break
            kept.append(escaped)
        return "".join(kept) + quote(_CUT)


def _end(incident: Mapping[str, Any]) -> str:
    if incident["kind"] in CLOSED_BY_RUNS:
        return "The run that finds the words gone from git closes it."
    return f"When it is done: `kb incidents close {incident['incident_id']}`."


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + _CUT
