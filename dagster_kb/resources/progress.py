"""Who is told how far a run is."""

from typing import Protocol


class Progress(Protocol):
    """Called with the agent, what is done, how much of it is done, and how much there is."""

    def __call__(self, agent: str, doing: str, done: int, total: int) -> None: ...


def nobody(agent: str, doing: str, done: int, total: int) -> None:
    """Tell nobody."""
