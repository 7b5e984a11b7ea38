"""Tokens of texts that a provider reads: as OpenAI's models count them, near enough for all others."""

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final

from kb_contract.provider_embeddings.spaces import folder_of_the_library

if TYPE_CHECKING:
    from tiktoken import Encoding

ENCODING: Final = "cl100k_base"


@cache
def usual_counter() -> Callable[[str], int]:
    """Make the counter; its table comes with litellm, so that nothing is fetched."""
    encoding = _encoding()
    return lambda text: len(encoding.encode_ordinary(text))


def beginning(text: str, tokens: int) -> str:
    """Return as much of a text as the model reads; the rest it would refuse."""
    if len(text.encode()) <= tokens:  # a token is a byte or more
        return text
    encoding = _encoding()
    found = encoding.encode_ordinary(text)
    return text if len(found) <= tokens else encoding.decode(found[:tokens], errors="ignore")


@cache
def _encoding() -> "Encoding":
    tables = folder_of_the_library() / "litellm_core_utils" / "tokenizers"
    os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(tables))  # noqa: TID251 - the library's switch
    import tiktoken  # noqa: PLC0415 - only those whose provider embeds pay

    return tiktoken.get_encoding(ENCODING)
