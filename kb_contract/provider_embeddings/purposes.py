"""What a provider wants to hear of a text: whether it is to be found, or looks for others."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

Purpose = Literal["passage", "question"]
# litellm takes texts that begin so for files, and fetches them or sends them as pictures.
_NO_WORDS: Final = re.compile(r"(files/|gs://|https?://|data:)", re.IGNORECASE)

_BY_PROVIDER: Final[Mapping[str, tuple[str, str, str]]] = {
    "cohere": ("input_type", "search_document", "search_query"),
    "voyage": ("input_type", "document", "query"),
    "nvidia_nim": ("input_type", "passage", "query"),
    "gemini": ("task_type", "RETRIEVAL_DOCUMENT", "RETRIEVAL_QUERY"),
    "vertex_ai": ("task_type", "RETRIEVAL_DOCUMENT", "RETRIEVAL_QUERY"),
}


def said_of(model: str, purpose: Purpose) -> dict[str, Any]:
    """Return what is sent beside the texts; to most providers nothing."""
    known = _BY_PROVIDER.get(model.partition("/")[0])
    if known is None:
        return {}
    name, passage, question = known
    return {name: passage if purpose == "passage" else question}


def in_words(text: str) -> str:
    """Return a text that nobody takes for the place of one."""
    return f"\n{text}" if _NO_WORDS.match(text) else text
