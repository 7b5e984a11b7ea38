"""The picture in the documentation is the graph that runs."""

from pathlib import Path

from graph.entrypoint import build_graph, make_graph
from graph.picture import BEGIN, END, block
from graph.settings import ReaderSettings

PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"
CURE = "run: make docs"


def nowhere() -> ReaderSettings:
    return ReaderSettings(
        database_url="postgresql://nobody@127.0.0.1:1/nothing",  # type: ignore[arg-type]
        qdrant_url="http://127.0.0.1:1",
        _env_file=None,  # type: ignore[call-arg]
    )


def test_the_documentation_shows_the_graph_that_runs():
    page = PAGE.read_text("utf-8")
    shown = page[page.index(BEGIN) : page.index(END) + len(END)]
    assert shown == block(build_graph(nowhere())), CURE


def test_studio_sees_every_agent_and_no_name_confuses_it():
    graph = build_graph(nowhere())
    drawn = graph.get_graph(xray=True)
    kinds = {node.split(":")[1] for node in drawn.nodes if node.startswith("execute:")}
    assert {"rag", "reasoning", "calculation", "comparison", "catalogue", "operations"} <= kinds
    assert not [name for name in graph.nodes if "|" in name or ":" in name]
    assert graph.config is not None
    assert graph.config["recursion_limit"] <= 60


def test_what_callers_send_and_get_is_small():
    graph = build_graph(nowhere())
    assert set(graph.get_input_jsonschema()["properties"]) == {
        "question", "messages", "agent", "own_plan",
    }  # fmt: skip
    assert "results" not in graph.get_output_jsonschema()["properties"]
    bounds = graph.get_context_jsonschema()
    assert bounds is not None
    assert all(one["description"] for one in bounds["properties"].values())


def test_langgraph_dev_gets_one_graph_however_often_it_asks(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    monkeypatch.setenv("QDRANT_URL", "http://127.0.0.1:1")
    assert make_graph() is make_graph()
