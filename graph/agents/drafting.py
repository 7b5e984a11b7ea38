"""Says what a model writes while it writes it: a draft, which nothing was checked of yet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, cast

from pydantic_core import from_json

from graph.agents.step_results import emit
from graph.citations.readable import harmless
from graph.ports import AgentTask
from kb_contract.written_json import unfenced

_AT_ONCE: Final = 40


@dataclass
class Drafting:
    """Hears JSON claims grow, and says the words of their texts."""

    say: Callable[..., None]
    """Called with the kind of an event and what belongs to it."""
    _heard: str = field(default="", init=False)
    _said: str = field(default="", init=False)
    _unread: int = field(default=0, init=False)

    def __call__(self, piece: str | None) -> None:
        """Take a piece; None: what was said does not hold, another draft begins."""
        if piece is None:
            if self._said:
                self.say("draft_dropped")
            self._heard, self._said, self._unread = "", "", 0
            return
        self._heard += piece
        self._unread += len(piece)
        if self._unread >= _AT_ONCE or "}" in piece:
            self._unread = 0
            self._say_more(claims_so_far(self._heard))

    def _say_more(self, text: str) -> None:
        # A mark that is half there may change what was before it; then the next piece says it.
        if text.startswith(self._said) and len(text) > len(self._said):
            self.say("token", text=text[len(self._said) :], draft=True)
            self._said = text


def claims_so_far(written: str) -> str:
    """Return the texts of claims in JSON that may end anywhere."""
    try:
        said: Any = from_json(unfenced(written), allow_partial="trailing-strings")
    except ValueError:
        return ""
    claims: Any = cast("dict[str, Any]", said).get("claims") if isinstance(said, dict) else None
    if not isinstance(claims, list):
        return ""
    texts: list[Any] = [
        cast("dict[str, Any]", one).get("text")
        for one in cast("list[Any]", claims)
        if isinstance(one, dict)
    ]
    return "\n".join(harmless(one) for one in texts if isinstance(one, str))


def drafting(task: AgentTask) -> Drafting:
    """Say the draft of a step in the lane of its agent."""

    def say(kind: str, **more: Any) -> None:
        emit(task, kind, **more)

    return Drafting(say)
