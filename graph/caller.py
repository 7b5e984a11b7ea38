"""Who is being served now, and what they may do; what a request says of itself never changes it."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

# They work on what other steps found, so they give nobody anything that those steps did not.
HARMLESS_KINDS: Final = frozenset(
    {"reasoning", "calculation", "comparison", "synthesis", "catalogue"}
)


@dataclass(frozen=True)
class Caller:
    """Rights of a caller inside of one workspace; None stands for all."""

    name: str = ""
    roles: frozenset[str] | None = None
    agents: frozenset[str] | None = None
    key_id: str = ""
    """The key that was shown, if it was one; what is made with it may end with it."""

    def may(self, role: str) -> bool:
        return self.roles is None or role in self.roles

    def may_ask(self, agent_id: str, kind: str = "") -> bool:
        """Whether an agent is there for the caller."""
        return self.agents is None or agent_id in self.agents or kind in HARMLESS_KINDS

    @property
    def scope(self) -> list[str] | None:
        """The agents as SQL is given them."""
        return None if self.agents is None else sorted(self.agents)


EVERYTHING: Final = Caller()
_caller: ContextVar[Caller] = ContextVar("caller", default=EVERYTHING)


def current_caller() -> Caller:
    """Return whom this work is for; outside of requests and runs it is the workspace's own."""
    return _caller.get()


@contextmanager
def working_for(caller: Caller) -> Generator[None]:
    """Do what is in the block, and the tasks that it begins, for the caller."""
    token = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(token)
