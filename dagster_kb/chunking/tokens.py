"""How many tokens of the embedding model a text has."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from kb_contract.embedding_space import with_short_rules
from kb_contract.errors import BadSetting

TokenCounter = Callable[[str], int]

# A word that the model does not know counts as one token however long it is, and blanks as none.
CHARACTERS_PER_TOKEN: Final = 16
# Parted by these alone, which every reader of blanks knows; others stay inside of a "word".
_WORD: Final = re.compile(r"[^ \t\n\r]+")
_BLANKS: Final = re.compile(r"[ \t\n\r]")
_PARTS: Final = {
    "normalizer": "BertNormalizer", "pre_tokenizer": "BertPreTokenizer", "model": "WordPiece",
}  # fmt: skip
_LONGEST_KEPT: Final = 32
_WORDS_KEPT: Final = 100_000


@cache
def token_counter(model_path: Path) -> TokenCounter:
    """Make the counter of a model's folder (or of a tokenizer.json)."""
    from tokenizers import Tokenizer  # noqa: PLC0415 (nothing else of the writer needs it)

    file = model_path / "tokenizer.json" if model_path.is_dir() else model_path
    if not file.is_file():
        raise BadSetting(
            "there is no tokenizer.json", where=str(model_path), cure="check EMBEDDING_MODEL"
        )
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(text: str) -> int:
        # The fast batch call leaves out the offsets that nobody asks for.
        return len(tokenizer.encode_batch_fast([text], add_special_tokens=False)[0].ids)

    return WordByWord(count) if counts_by_words(json.loads(file.read_bytes())) else count


def counts_by_words(tokenizer: dict[str, Any]) -> bool:
    """Pure: whether a text has as many tokens as its words have one by one, as with BERT's."""
    parts = [tokenizer[one] and tokenizer[one]["type"] for one in _PARTS]
    over_blanks = any(_BLANKS.search(one["content"]) for one in tokenizer.get("added_tokens", ()))
    return parts == list(_PARTS.values()) and not over_blanks


@dataclass(frozen=True)
class WordByWord:
    """Counts each word once: the model's tokenizer takes most of the time of reading."""

    count: TokenCounter
    _known: dict[str, int] = field(default_factory=dict[str, int])

    def __call__(self, text: str) -> int:
        try:
            return sum(map(self._known.__getitem__, _WORD.findall(text)))
        except KeyError:
            return sum(self._of_word(word) for word in _WORD.findall(text))

    def _of_word(self, word: str) -> int:
        if (known := self._known.get(word)) is not None:
            return known
        tokens = self.count(word)
        if len(word) <= _LONGEST_KEPT and len(self._known) < _WORDS_KEPT:
            self._known[word] = tokens
        return tokens


def weight(count: TokenCounter, text: str) -> int:
    """Tokens of a text, and no fewer than its length allows: what the limit is held against."""
    return max(count(with_short_rules(text)), -(-len(text) // CHARACTERS_PER_TOKEN))
