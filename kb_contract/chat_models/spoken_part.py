"""What a model thinks aloud before its answer is paid for, and is no part of it."""

import re
from dataclasses import dataclass, field
from typing import Final

_OPENS: Final = re.compile(r"<(think(?:ing)?|thoughts?|reasoning)>")
_MAY_OPEN: Final = re.compile(r"(?:<[a-z]{0,9})?")
# Some templates open the block themselves: then only its end is in the answer, before a new line or the JSON.
_LONE_END: Final = re.compile(r"</(?:think(?:ing)?|thoughts?|reasoning)>(?=\s*(?:\n|[\[{]|$))")
_BEGINS_JSON: Final = frozenset("[{`")


@dataclass
class SpokenPart:
    """Lets through what is said, and holds back blocks of thoughts at the beginning."""

    text: str = field(default="", init=False)
    """What was said so far."""
    _held: str = field(default="", init=False)
    _until: str = field(default="", init=False)
    """The mark that ends the thoughts that it is in."""

    def take(self, piece: str) -> str:
        """Take a piece of what comes; returns what of it is said."""
        said = piece if self.text else self._looked_at(piece)
        self.text += said
        return said

    def _looked_at(self, piece: str) -> str:
        self._held += piece
        while True:
            if self._until:
                _, ended, rest = self._held.partition(self._until)
                if not ended:
                    self._held = self._held[-len(self._until) :]
                    return ""
                self._held, self._until = rest, ""
            self._held = self._held.lstrip()
            opens = _OPENS.match(self._held)
            if opens is None:
                break
            self._held, self._until = self._held[opens.end() :], f"</{opens[1]}>"
        if _MAY_OPEN.fullmatch(self._held):
            return ""
        said, self._held = self._held, ""
        return said

    def whole(self) -> str:
        """Return all that was said, once everything came."""
        if not self.text and not self._until:
            self.text, self._held = self._held, ""
        said = self.text.lstrip()
        if said[:1] in _BEGINS_JSON:
            return self.text
        ends = _LONE_END.search(said)
        return said[ends.end() :] if ends else self.text
