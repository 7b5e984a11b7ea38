"""While versions change, a reader meets manifests that a newer writer kept."""

import pytest

from kb_contract.agent_manifest import AgentManifest, kept_manifest
from kb_contract.errors import BadManifest

KEPT = AgentManifest(agent_id="hr", title="HR", purpose="Answers about leave.").model_dump(
    mode="json"
)


def test_what_a_newer_writer_says_beside_the_rest_is_passed_over():
    newer = {**KEPT, "mood": "kind", "retrieval": {**KEPT["retrieval"], "depth": 3}}
    assert kept_manifest("hr", newer) == kept_manifest("hr", KEPT)


def test_what_means_something_else_here_says_what_to_do():
    with pytest.raises(BadManifest) as error:
        kept_manifest("hr", {**KEPT, "retrieval": {**KEPT["retrieval"], "limit": 1000}})
    assert "newer version" in str(error.value)
    assert "update" in (error.value.cure or "")
