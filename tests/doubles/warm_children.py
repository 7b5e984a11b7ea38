"""Children that read documents and stay for the next test: the real ones, started once."""

import atexit
from functools import cache

from dagster_kb.intake.parsing_children import ParsingChildren
from tests.doubles.hash_embedder import HashEmbedder


@cache
def warm_children() -> ParsingChildren:
    children = ParsingChildren(HashEmbedder(), stays=True)
    atexit.register(children.close)
    return children
