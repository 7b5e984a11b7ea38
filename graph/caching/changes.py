"""What one agent's knowledge became, read as an answer reads it: places, sentences, settings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from graph.caching.kept_answer import CitedSpan
from graph.retrieval.sentences import units


@dataclass(frozen=True)
class Piece:
    """A chunk's text, and the file that it stands in."""

    chunk_id: str
    path: str
    text: str
    readable: bool = True
    """False: it comes into effect later, or did not any more; nobody is shown its words."""


@dataclass(frozen=True)
class Sentence:
    """A sentence that came or went, and its file."""

    path: str
    text: str
    chunk_id: str
    readable: bool = True

    @property
    def shown(self) -> str:
        """Its words, for whoever reads why an answer went."""
        return f": {self.text[:200]}" if self.readable else ""


@dataclass(frozen=True)
class Change:
    """From one generation to the one that is served: what went, and what came."""

    agent_id: str
    generation_id: int
    gone: Sequence[Piece] = ()
    come: Sequence[Piece] = ()
    settings_changed: bool = False
    """How it is searched, what it is told, what it says that it is for."""
    whole: bool = True
    """False: too much changed to look at, or what was before is not known any more."""
    _moved: dict[tuple[str, int, str], tuple[str, int] | None] = field(
        default_factory=dict[tuple[str, int, str], tuple[str, int] | None], init=False, repr=False
    )

    @cached_property
    def fresh(self) -> list[Sentence]:
        """Sentences that stood nowhere before; what only moved says nothing new."""
        return _not_in(self.come, self.gone)

    @cached_property
    def faded(self) -> list[Sentence]:
        """Sentences that stand nowhere any more."""
        return _not_in(self.gone, self.come)

    @cached_property
    def gone_ids(self) -> frozenset[str]:
        return frozenset(one.chunk_id for one in self.gone)

    def carried(self, spans: Sequence[CitedSpan]) -> list[CitedSpan] | str:
        """Find the quotes of an answer in their new places; the first that is gone, where one is."""
        found: list[CitedSpan] = []
        for span in spans:
            if span["agent_id"] != self.agent_id or span["chunk_id"] not in self.gone_ids:
                found.append(span)
                continue
            place = self._place_of(span)
            if place is None:
                return span["quote"]
            found.append({**span, "chunk_id": place[0], "place": place[1]})
        return found

    def _place_of(self, span: CitedSpan) -> tuple[str, int] | None:
        key = (span["chunk_id"], span["place"], span["quote"])
        if key not in self._moved:
            self._moved[key] = self._looked_for(span)
        return self._moved[key]

    def _looked_for(self, span: CitedSpan) -> tuple[str, int] | None:
        """Take the same words in the same file, where the whole sentences around them still stand."""
        ends = span["place"] + len(span["quote"])
        old = next(one for one in self.gone if one.chunk_id == span["chunk_id"])
        around = {
            _plain(one.of(old.text))
            for one in units(old.text)
            if one.start < ends and span["place"] < one.end
        }
        for piece in self.come:
            place = piece.text.find(span["quote"]) if piece.path == span["path"] else -1
            if place >= 0 and around <= {_plain(one) for one in _sentences(piece.text)}:
                return piece.chunk_id, place
        return None


def _not_in(these: Iterable[Piece], those: Iterable[Piece]) -> list[Sentence]:
    known = {_plain(one) for piece in those for one in _sentences(piece.text)}
    found: dict[str, Sentence] = {}
    for piece in these:
        for text in _sentences(piece.text):
            if (plain := _plain(text)) and plain not in known:
                found.setdefault(plain, Sentence(piece.path, text, piece.chunk_id, piece.readable))
    return list(found.values())


def _sentences(text: str) -> list[str]:
    return [one.of(text) for one in units(text)]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
