"""What a reranking costs: by the query or by its tokens, as litellm's list says of the model."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from kb_contract.chat_models.litellm_library import litellm
from kb_contract.chat_models.paid_request import Paid
from kb_contract.chat_models.prices import Count, is_likely, most_told

# A query reads up to a hundred texts; each so many tokens of a long one count as a text.
_TEXTS_A_QUERY: Final = 100
_TOKENS_A_TEXT: Final = 500


def most_of(model: str, ours: Count) -> Paid:
    """Return what it takes by our own count; models that no list knows cost nothing."""
    return Paid(ours, _dollars(model, ours.prompt, 1))


def bound_of(model: str, ours: Count, texts: int) -> Paid:
    """Return the most that is believed of it, which is held."""
    most = Count(most_told(ours.prompt, 0).prompt, 0)
    return Paid(most, _dollars(model, most.prompt, _most_queries(ours.prompt, texts)))


def took(model: str, meta: Mapping[str, Any] | None, most: Paid, texts: int) -> Paid:
    """Take what the provider bills, where it says so and that can be true."""
    billed: Mapping[str, Any] = (meta or {}).get("billed_units") or {}
    tokens, units = billed.get("total_tokens"), billed.get("search_units")
    count, queries = most.count, 1
    if type(tokens) is int and is_likely(tokens, count.prompt):
        count = Count(tokens, 0, source="provider")
    if type(units) is int and 0 < units <= _most_queries(most.count.prompt, texts):
        count, queries = replace(count, source="provider"), units
    return Paid(count, _dollars(model, count.prompt, queries))


def _most_queries(tokens: int, texts: int) -> int:
    read = texts + most_told(tokens, 0).prompt // _TOKENS_A_TEXT
    return 1 + math.ceil(read / _TEXTS_A_QUERY)


def _dollars(model: str, tokens: int, queries: int) -> float:
    table: Mapping[str, Any] = litellm().model_cost
    known: Mapping[str, Any] = table.get(model) or table.get(model.partition("/")[2]) or {}
    by_token, by_query = known.get("input_cost_per_token"), known.get("input_cost_per_query")
    return tokens * (by_token or 0.0) + queries * (by_query or 0.0)
