"""What Dagster's pages say: links from templates, tables, and a page for every asset."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from dagster_kb.assets.pages import PAGES
from dagster_kb.assets.story import facts
from dagster_kb.definitions import build_definitions
from dagster_kb.links import Links
from dagster_kb.settings import WriterSettings
from kb_contract.generation import Generation

SHA = "0123456789abcdef0123456789abcdef01234567"


def generation(**other: Any) -> Generation:
    given: dict[str, Any] = {
        "generation_id": 7, "workspace_id": "default", "agent_id": "garden", "number": 3,
        "state": "live", "git_sha": SHA, "tree_sha": "t", "uncommitted": False, "manifest": {},
        "instructions": "", "config_digest": "c", "space": {}, "documents": 1, "chunks": 2,
        "quarantined": 0, "manifest_digest": "m", "colour": "blue", "collection": "garden_blue",
        "checks": {}, "reason": None, "run_id": None, "dagster_run_id": None,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC), "live_at": None,
    }  # fmt: skip
    return Generation.model_validate({**given, **other})


def settings(**given: Any) -> WriterSettings:
    return WriterSettings(
        database_url=SecretStr("postgresql://nobody@127.0.0.1:1/none"),
        qdrant_url="http://127.0.0.1:1",
        **given,
    )


def test_every_fact_leads_to_where_it_can_be_looked_at():
    links = Links(
        "https://host/team/repo/commit/{sha}", "https://host/team/repo/blob/{sha}/{path}",
        "{qdrant}/dashboard#/collections/{collection}", "http://api:8000/",
    )  # fmt: skip
    told = facts(generation(), links)
    assert told["git_sha"].value == f"https://host/team/repo/commit/{SHA}"
    assert told["generations"].value == "http://api:8000/console/knowledge?agent=garden"
    assert links.collection("http://q:6333/", "garden_blue")["page"].value == (
        "http://q:6333/dashboard#/collections/garden_blue"
    )
    assert links.document("knowledge/garden/a b (1) [x].md", SHA) == (
        r"[knowledge/garden/a b (1) \[x\].md]"
        f"(https://host/team/repo/blob/{SHA}/knowledge/garden/a%20b%20%281%29%20%5Bx%5D.md)"
    )


def test_without_templates_there_are_bare_facts_and_no_dead_links():
    told = facts(generation())
    assert told["git_sha"].value == SHA
    assert "generations" not in told
    assert Links().collection("http://q:6333", "garden_blue") == {}
    assert Links().document("a.md", SHA) == "a.md"


def test_what_is_not_committed_has_no_page():
    links = Links(commit_template="https://host/{sha}")
    assert facts(generation(uncommitted=True), links)["git_sha"].value == SHA


@pytest.mark.parametrize(
    ("name", "value"),
    [("commit_url", "https://host/commit/"), ("document_url", "ftp://host/{path}"),
     ("collection_url", "https://host/")],
)  # fmt: skip
def test_a_template_that_would_lead_nowhere_is_refused(name: str, value: str):
    with pytest.raises(ValueError, match=name):
        settings(**{name: value})


def test_every_asset_tells_what_it_is_and_what_to_do_when_it_is_red():
    graph = build_definitions(settings()).resolve_asset_graph()
    in_the_way_live = {
        key.to_user_string()
        for key in graph.materializable_asset_keys
        if graph.get(key).group_name == "knowledge"
    }
    assert in_the_way_live == set(PAGES)
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        assert "**When it is red:**" in (node.description or "")
        assert node.group_name in ("knowledge", "entities")
        assert node.owners
        assert node.metadata["dagster/column_schema"].columns


def test_code_versions_follow_what_makes_results_different():
    def versions(**given: Any) -> dict[str, str | None]:
        graph = build_definitions(settings(**given)).resolve_asset_graph()
        return {key.to_user_string(): graph.get(key).code_version
                for key in graph.materializable_asset_keys}  # fmt: skip

    usual = versions()
    assert all(usual.values())
    other_size = versions(chunk_tokens=100)
    assert {one for one in usual if usual[one] != other_size[one]} == {"parsed_documents"}
    other_model = versions(embedding_model="somebody/another-model")
    assert {one for one in usual if usual[one] != other_model[one]} == {"embeddings"}
