"""What is known of a provider's embedding model before it is asked: from litellm's list, read as a file.

The library itself takes seconds to import; the writer wants to know whose vectors these are at once.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from kb_contract.chat_models.by_api import name_by_api
from kb_contract.embedding_space import EmbeddingSpace
from kb_contract.errors import BadSetting

_LIST: Final = "model_prices_and_context_window_backup.json"
# Weights that nobody outside can look at: the model's name is all there is to tell them apart.
UNSEEN: Final = "unseen: a provider's"
NO_WORDS: Final = "none"
# Nearly all providers take so many, and of so many hardly any is refused for its length.
TEXTS_IN_A_REQUEST: Final = 32
_ONE_BY_ONE: Final = ("vertex_ai/gemini-embedding",)
_TOKENS_AT_LEAST: Final = 512
"""What every embedding model reads; of a model that the list does not know, no more is sent."""


def provider_space(setting: str, dimension: int) -> EmbeddingSpace:
    """Describe the space of a model of a provider; `dimension` 0: as the list says."""
    name = name_by_api(setting)
    known = known_of(name)
    own = known.get("output_vector_size") or 0
    if not (dimension or own):
        raise BadSetting(
            f"nothing says how many numbers a vector of {name} has", where="EMBEDDING_DIMENSION",
            cure="set it to what the provider's documentation says, as 1024",
        )  # fmt: skip
    if own and dimension > own:
        raise BadSetting(
            f"a vector of {name} has {own} numbers, not {dimension}", where="EMBEDDING_DIMENSION",
            cure=f"set it to {own} or less, or leave it at 0",
        )  # fmt: skip
    return EmbeddingSpace(
        model=setting, weights_sha256=UNSEEN, dimension=dimension or own, words=NO_WORDS,
        # How much it reads is the list's to say, and another list makes no other vectors.
        max_tokens=0,
    )  # fmt: skip


def most_tokens(setting: str) -> int:
    """Return how much of a text the model reads."""
    return int(known_of(name_by_api(setting)).get("max_input_tokens") or _TOKENS_AT_LEAST)


def is_shortened(space: EmbeddingSpace) -> bool:
    """Whether the provider is asked for fewer numbers than its model gives by itself."""
    own = known_of(name_by_api(space.model)).get("output_vector_size") or 0
    return space.dimension < own


def dollars_a_token(setting: str) -> float | None:
    """Return the price of a token; None: no list knows it."""
    price = known_of(name_by_api(setting)).get("input_cost_per_token")
    return None if price is None else float(price)


def texts_in_a_request(setting: str) -> int:
    """Return how many texts the provider takes at once."""
    return 1 if name_by_api(setting).startswith(_ONE_BY_ONE) else TEXTS_IN_A_REQUEST


def known_of(name: str) -> Mapping[str, Any]:
    """Return what litellm's list says of a model."""
    every = _every()
    return every.get(name) or every.get(name.partition("/")[2]) or {}


def folder_of_the_library() -> Path:
    """Return where litellm lies, without importing it."""
    found = find_spec("litellm")
    return Path((found and found.origin) or "").parent


@cache
def _every() -> Mapping[str, Mapping[str, Any]]:
    every: dict[str, Any] = json.loads((folder_of_the_library() / _LIST).read_bytes())
    return {name: one for name, one in every.items() if one.get("mode") == "embedding"}
