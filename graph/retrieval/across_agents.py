"""Passages of several agents side by side: none is drowned by one whose figures run high."""

from graph.state import Passage


def comparable(passage: Passage) -> float:
    """Say how relevant a passage is, as it compares with passages of other agents."""
    return passage.get("comparable", passage.get("relevance", 0.0))


def lift(passage: Passage) -> float:
    """Say by how much what is reckoned of a passage is too low (above 1) or too high for that."""
    relevance = passage.get("relevance", 0.0)
    return comparable(passage) / relevance if relevance > 0 else 1.0
