"""What a provider wants to hear of a text: whether it is to be found, or looks for others."""

from collections.abc import Mapping
from typing import Any, Final, Literal

Purpose = Literal["passage", "question"]

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
