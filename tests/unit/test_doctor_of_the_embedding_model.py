from pathlib import Path
from typing import Any

import pytest

from kb.doctor.findings import Finding
from kb.doctor.tools import tool_findings
from kb.settings import StackSettings

pytestmark = pytest.mark.timeout(180)


def looked_at(name: str, dimension: int = 0) -> Finding:
    more: Any = {"_env_file": None}
    settings = StackSettings(embedding_model=name, embedding_dimension=dimension, **more)
    [found] = [one for one in tool_findings(settings) if one.about == "embedding model"]
    return found


def test_a_provider_needs_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    found = looked_at("litellm/openai/text-embedding-3-small")
    assert (found.level, "OPENAI_API_KEY" in found.says) == ("wrong", True)
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-mine")
    found = looked_at("litellm/openai/text-embedding-3-small")
    assert (found.level, "1536 numbers" in found.says) == ("ok", True)
    assert "secret-of-mine" not in str(found)


def test_a_key_may_stand_in_the_file_of_models(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    file = tmp_path / "models.yaml"
    file.write_text("embeddings: [{model: openai/text-embedding-3-small, api_key: of-the-file}]\n")
    monkeypatch.setenv("LLM_PROFILES", str(file))
    assert looked_at("litellm/openai/text-embedding-3-small").level == "ok"


def test_a_model_that_no_list_knows_needs_its_dimension(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-mine")
    found = looked_at("litellm/openai/of-our-own")
    assert (found.level, "EMBEDDING_DIMENSION" in found.says) == ("wrong", True)
    assert looked_at("litellm/openai/of-our-own", 384).level == "ok"


def test_a_model_of_this_machine_is_looked_for_here() -> None:
    assert "as known" in looked_at("sentence-transformers/all-MiniLM-L6-v2").says
