"""Roles, and what each of them includes."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

Role = Literal["viewer", "asker", "approver", "operator", "admin"]
INCLUDED: Final[Mapping[str, frozenset[str]]] = {
    "viewer": frozenset({"viewer"}),
    "asker": frozenset({"viewer", "asker"}),
    "approver": frozenset({"viewer", "asker", "approver"}),
    "operator": frozenset({"viewer", "asker", "operator"}),
    "admin": frozenset({"viewer", "asker", "approver", "operator", "admin"}),
}
MEANING: Final[Mapping[str, str]] = {
    "viewer": "reads: threads, answers, agents, generations, approvals, figures",
    "asker": "and asks: runs, plans, search, its own conversations",
    "approver": "and answers approvals (not: operates)",
    "operator": "asks, and operates: ingestion, states of threads by hand (not: approves)",
    "admin": "everything",
}


def all_of(roles: Iterable[str]) -> frozenset[str]:
    """Return the roles with all that they include; names that are no roles give nothing."""
    return frozenset[str]().union(*(INCLUDED.get(one, frozenset[str]()) for one in roles))
