"""What whoever asks a chat model gives and gets, whichever half asks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NotRequired

from typing_extensions import TypedDict  # pydantic reads it, and before 3.12 only knows this one

from kb_contract.errors import ModelFailed

Check = Callable[[str], str]
"""Says what is wrong with a text, or nothing: whoever asks knows when an answer is whole."""

Heard = Callable[[str | None], None]
"""Hears a draft piece by piece, before it is checked; None: forget it, it begins anew."""


class Usage(TypedDict):
    """One call of a provider."""

    model: str
    prompt_tokens: int
    completion_tokens: int
    cost: float
    source: Literal["provider", "estimated"]
    role: NotRequired[Literal["primary", "fallback", "emergency"]]
    """Which of the profile's models wrote the text that was taken; of no other request it is said."""


def accepted(_text: str) -> str:
    """Take any text."""
    return ""


@dataclass(frozen=True)
class Written:
    """What a chat model wrote; `usage` is of every request that it took."""

    text: str
    usage: tuple[Usage, ...] = ()


class NoAnswer(ModelFailed):
    """There is no answer that can be used; `usage` says what was paid all the same."""

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        cure: str = "",
        usage: tuple[Usage, ...] = (),
        refused: int = 0,
    ) -> None:
        super().__init__(what, where=where, cure=cure)
        self.usage = usage
        self.refused = refused
        """Requests that a provider would not take, whoever asks: they cost nothing, and asking again helps nobody."""
