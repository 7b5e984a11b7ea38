"""The stack as a person or a script sees it: one row per part, and whether all is well."""

from dataclasses import dataclass
from typing import Any

from rich.markup import escape
from rich.table import Table

from kb.state_file import SETTLED, PartRecord, StackState

COLOURS = {
    "healthy": "green",
    "done": "green",
    "failed": "red",
    "stopped": "red",
    "gone": "red",
    "unhealthy": "red",
    "backoff": "yellow",
}
SUPERVISOR = "supervisor"


@dataclass(frozen=True)
class Overview:
    """What `kb status` shows; a part whose process is gone is shown as gone, whatever was written."""

    state: StackState

    def supervisor_alive(self) -> bool:
        """Say whether somebody looks after the parts."""
        return self.state.supervisor is not None and self.state.supervisor.alive()

    def rows(self) -> list[dict[str, Any]]:
        """Return one dictionary per part, the supervisor first."""
        alive = self.supervisor_alive()
        first = {
            "part": SUPERVISOR,
            "state": "healthy" if alive else "stopped",
            "healthy": alive,
            "pid": self.state.supervisor_pid if alive else None,
        }
        empty = {"port": None, "version": None, "restarts": 0, "url": None, "reason": ""}
        return [
            {**empty, **first},
            *(self._row(name, record) for name, record in self.state.parts.items()),
        ]

    def _row(self, name: str, record: PartRecord) -> dict[str, Any]:
        gone = record.identity is not None and not record.identity.alive()
        said = "gone" if gone else record.state
        return {
            "part": name,
            "state": said,
            "healthy": said in SETTLED,
            "pid": None if gone else record.pid,
            "port": record.port,
            "version": record.version,
            "restarts": record.restarts,
            "url": record.url,
            "reason": record.reason,
        }

    def healthy(self) -> bool:
        """Say whether everything that should run does."""
        return all(row["healthy"] for row in self.rows())

    def settled(self) -> bool:
        """Say whether nothing is on its way any more: all well, or something given up."""
        return self.healthy() or any(one.state == "failed" for one in self.state.parts.values())

    def as_json(self) -> dict[str, Any]:
        """Return it for `--json`; no password is in it."""
        return {"healthy": self.healthy(), "parts": self.rows(), "notes": self.state.notes}

    def table(self) -> Table:
        """Return it for a terminal."""
        rows = self.rows()
        titles = ["part", "state", "port", "pid", "version", "restarts", "url"]
        titles += ["reason"] if any(row["reason"] for row in rows) else []
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in titles:
            table.add_column(title, overflow="fold")
        for row in rows:
            colour = COLOURS.get(row["state"], "yellow")
            shown = {title: escape(_text(row[title])) for title in titles}
            shown["state"] = f"[{colour}]{row['state']}[/]"
            table.add_row(*shown.values())
        return table


def _text(value: object) -> str:
    return "" if value is None else str(value)
