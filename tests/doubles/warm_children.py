"""Children that read documents and stay for the next test: the real ones, started once."""

import atexit
from functools import cache

from dagster_kb.intake.parsing_children import ParsingChildren
from tests.doubles.hash_embedder import HashEmbedder


class WarmChildren(ParsingChildren):
    def rest(self) -> None:
        """Stay; the process's end is theirs."""


@cache
def warm_children() -> ParsingChildren:
    children = WarmChildren(HashEmbedder())
    atexit.register(ParsingChildren.rest, children)
    return children
