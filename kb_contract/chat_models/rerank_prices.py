"""What a reranking costs: by the query or by its tokens, as litellm's list says of the model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from kb_contract.chat_models.litellm_library import litellm
from kb_contract.chat_models.prices import Count, is_likely

# One query reads up to a hundred texts, and we send fewer; long ones may count as several.
_MOST_UNITS: Final = 30


@dataclass(frozen=True)
class Reranked:
    """Tokens and dollars of one reranking."""

    count: Count
    dollars: float


def most_of(model: str, ours: Count) -> Reranked:
    """Return what it takes by our own count; models that no list knows cost nothing."""
    return Reranked(ours, _dollars(model, ours.prompt, 1))


def took(model: str, meta: Mapping[str, Any] | None, most: Reranked) -> Reranked:
    """Take what the provider bills, where it says so and that can be true."""
    billed: Mapping[str, Any] = (meta or {}).get("billed_units") or {}
    tokens, units = billed.get("total_tokens"), billed.get("search_units")
    count, queries = most.count, 1
    if type(tokens) is int and is_likely(tokens, count.prompt):
        count = Count(tokens, 0, source="provider")
    if type(units) is int and 0 < units <= _MOST_UNITS:
        count, queries = replace(count, source="provider"), units
    return Reranked(count, _dollars(model, count.prompt, queries))


def _dollars(model: str, tokens: int, queries: int) -> float:
    table: Mapping[str, Any] = litellm().model_cost
    known: Mapping[str, Any] = table.get(model) or table.get(model.partition("/")[2]) or {}
    by_token, by_query = known.get("input_cost_per_token"), known.get("input_cost_per_query")
    return tokens * (by_token or 0.0) + queries * (by_query or 0.0)
