"""What has to be done and in which order, before anybody is chosen to do it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kb_contract.agent_manifest import Capability


@dataclass(frozen=True)
class Need:
    """One piece of work, not yet given to anybody."""

    key: str
    capability: Capability
    question: str
    after: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    verb: str = ""
    spread: bool = True
    """Whether several agents may be asked the same."""


@dataclass
class Sketch:
    """Grows one need at a time; `open_ends` are those that nothing waits for yet."""

    needs: list[Need] = field(default_factory=list[Need])

    def add(
        self,
        capability: Capability,
        question: str,
        *,
        after: Sequence[str] = (),
        parameters: dict[str, Any] | None = None,
        verb: str = "",
    ) -> str:
        key = f"s{len(self.needs) + 1}"
        self.needs.append(
            Need(key, capability, question, tuple(after), dict(parameters or {}), verb)
        )
        return key

    def open_ends(self) -> list[str]:
        waited_for = {one for need in self.needs for one in need.after}
        return [need.key for need in self.needs if need.key not in waited_for]

    def open_of(self, *capabilities: Capability) -> list[str]:
        ends = set(self.open_ends())
        return [one.key for one in self.needs if one.key in ends and one.capability in capabilities]

    def last(self) -> Need | None:
        return self.needs[-1] if self.needs else None

    def narrow(self) -> None:
        """Several needs: each is asked of its best agent only."""
        self.needs = [replace(one, spread=len(self.needs) == 1) for one in self.needs]
