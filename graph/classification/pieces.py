"""A question as the sentence model reads it: its cues in English, slips mended, cut into pieces."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graph.classification.cue_words import in_english
from graph.classification.respelling import Respelling

MOST_PIECES: Final = 160


@dataclass(frozen=True)
class Pieces:
    """Cuts texts as the model of a folder wants them."""

    tokenizer: Any
    respelling: Respelling

    @staticmethod
    def of(folder: Path) -> "Pieces":
        from tokenizers import Tokenizer  # noqa: PLC0415 - only those who classify pay

        tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.enable_truncation(MOST_PIECES)
        tokenizer.no_padding()
        return Pieces(tokenizer, Respelling.of(tokenizer.get_vocab()))

    def ids(self, text: str) -> list[int]:
        """Numbers of the pieces, with those that begin and end a text."""
        return self.tokenizer.encode(in_english(text, self.respelling.mended)).ids
