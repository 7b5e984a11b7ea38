"""How many tokens of the embedding model a text has."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from kb_contract.errors import BadSetting

TokenCounter = Callable[[str], int]

# A word that the model does not know counts as one token however long it is, and blanks as none.
CHARACTERS_PER_TOKEN: Final = 16


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

    return count


def weight(count: TokenCounter, text: str) -> int:
    """Tokens of a text, and no fewer than its length allows: what the limit is held against."""
    return max(count(text), -(-len(text) // CHARACTERS_PER_TOKEN))
