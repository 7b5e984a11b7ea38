"""How many runs find room, of one caller and of all: backpressure before anything is exhausted."""

from dataclasses import dataclass

from graph.server.database import Statements
from graph.server.door.limits import too_many
from graph.settings import ReaderSettings


@dataclass(frozen=True)
class Room:
    """How many runs may be under way; 0 is no limit. Answers to approvals always find room."""

    of_one_caller: int = 0
    waiting: int = 0

    async def check(self, statements: Statements, caller: str) -> int:
        """Refuse what is too much; return how many of the caller's are under way."""
        found = await statements.row("work_under_way", caller=caller)
        counts = found or {"callers": 0, "waiting": 0}
        if self.of_one_caller and counts["callers"] >= self.of_one_caller:
            raise too_many(f"{counts['callers']} runs of yours wait or work already", 5)
        if self.waiting and counts["waiting"] >= self.waiting:
            raise too_many(f"{counts['waiting']} runs wait already: workers do not keep up", 15)
        return counts["callers"]


def room_of(settings: ReaderSettings) -> Room:
    """The room that the settings give."""
    return Room(settings.kb_active_runs, settings.kb_queue_limit)
