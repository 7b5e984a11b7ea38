"""Ids of agents: none may read like a name of ours, or like an agent of another workspace."""

import pytest

from kb_contract.errors import BadIdentifier
from kb_contract.identifiers import (
    COLOURS,
    agent_id,
    collection_name,
    plain_alias,
    production_alias,
)


@pytest.mark.parametrize("said", ["a", "0", "security", "team_security", "a-", "x" * 63])
def test_what_an_agent_may_be_called(said: str):
    assert agent_id(said) == said


@pytest.mark.parametrize(
    "said",
    ["", "..", "Security", "-a", "_a", "a.b", "a/b", "x" * 64, "a_blue", "a_production", "a\n",
     "team__security", "team__", "team_"],
)  # fmt: skip
def test_what_no_agent_may_be_called(said: str):
    with pytest.raises(BadIdentifier):
        agent_id(said)


def names(workspace: str, agent: str) -> set[str]:
    collections = {collection_name(workspace, agent, one) for one in COLOURS}
    return {*collections, production_alias(workspace, agent), plain_alias(workspace, agent)}


def test_the_agents_of_a_workspace_share_no_name_with_those_of_the_default_one():
    """`team__hr` of the default workspace would write into `hr` of the workspace `team`."""
    assert names("default", "team__hr") == names("team", "hr")
    with pytest.raises(BadIdentifier, match="another workspace"):
        agent_id("team__hr")
