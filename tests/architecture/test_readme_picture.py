"""The README's picture: every arrow between parts of the program is one that the program has."""

import re
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest
from pydantic import SecretStr

from dagster_kb.definitions import build_definitions
from dagster_kb.publishing.release_checks import GATES
from dagster_kb.settings import WriterSettings
from graph.entrypoint import build_graph
from graph.settings import ReaderSettings

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
DATABASE, QDRANT = SecretStr("postgresql://nobody@127.0.0.1:1/none"), "http://127.0.0.1:1"
# What the picture calls by a kinder name than the program does.
CALLED = {"agents": "execute", "documents": "parsed_documents", "alias": "live_alias"}


def arrows(part: str) -> list[tuple[str, str]]:
    """Arrows of one subgraph of the picture, by the names of the program."""
    found = re.search(rf"subgraph {part} .*?\n(.*?)\n  end", README, re.DOTALL)
    assert found, f"no subgraph {part!r} in the README"
    chains = [line.split(" --> ") for line in found[1].splitlines() if " --> " in line]
    names = [[re.sub(r"\W.*", "", one.strip()) for one in chain] for chain in chains]
    known = [[CALLED.get(one, one) for one in chain] for chain in names]
    return [pair for chain in known for pair in pairwise(chain)]


@pytest.fixture
def assets() -> dg.Definitions:
    return build_definitions(WriterSettings(database_url=DATABASE, qdrant_url=QDRANT))


def test_the_writer_is_as_drawn(assets: dg.Definitions):
    graph = assets.resolve_asset_graph()
    real = {
        (parent.to_user_string(), key.to_user_string())
        for key in graph.get_all_asset_keys()
        for parent in graph.get(key).parent_keys
    }
    # The checks stand between the collection and the alias.
    real = (real - {("collection", "live_alias")}) | {
        ("collection", "checks"),
        ("checks", "live_alias"),
    }
    assert set(arrows("writer")) == real


def test_the_reader_is_as_drawn():
    settings = ReaderSettings(database_url=DATABASE, qdrant_url=QDRANT)
    real = {(one.source, one.target) for one in build_graph(settings).get_graph().edges}
    drawn = arrows("reader")
    assert drawn
    assert [arrow for arrow in drawn if arrow not in real] == []


def test_the_number_of_checks_is_right():
    told = re.search(r"checks\{\{(\d+) checks\}\}", README)
    assert told
    assert int(told[1]) == len(GATES)
