"""Hangs up on who writes more than was held for: what is settled is never more."""

from dataclasses import dataclass, field

from kb_contract.chat_models.prices import count_written
from kb_contract.chat_models.profiles import Deployment


@dataclass
class AnswerLimit:
    """Looks at each piece; a text has never more tokens than bytes, so it is seldom counted."""

    deployment: Deployment
    tokens: int
    passed: bool = field(default=False, init=False)
    _left: int = field(init=False)
    """So many bytes may come before it must be counted."""

    def __post_init__(self) -> None:
        self._left = self.tokens

    def passed_by(self, text: str, piece: str) -> bool:
        """Say whether a piece is one too many."""
        self._left -= len(piece.encode("utf-8", "replace"))
        if self._left < 0:
            self._left = self.tokens - count_written(self.deployment, text + piece)
            self.passed = self._left < 0
        return self.passed

    def of(self, text: str) -> int:
        """Count a text; of one that was cut off here, all that was held."""
        if self.passed:
            return self.tokens
        return min(count_written(self.deployment, text), self.tokens)
