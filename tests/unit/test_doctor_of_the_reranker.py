from pathlib import Path

import pytest

from kb.doctor.findings import Finding
from kb.doctor.reranker import reranker_findings
from kb.settings import StackSettings


def looked_at(name: str) -> list[Finding]:
    return reranker_findings(StackSettings(rerank_model=name, _env_file=None))  # pyright: ignore[reportCallIssue]


def test_where_none_is_set_nothing_is_said() -> None:
    assert looked_at("") == []


@pytest.mark.parametrize("name", ["nobody/has-such-a-model", "/nowhere/at all"])
def test_a_mistyped_name_is_a_warning_with_what_to_do(name: str) -> None:
    [found] = looked_at(name)
    assert (found.level, name in found.says) == ("warning", True)
    assert "RERANK_MODEL" in found.cure


def test_a_folder_is_well_once_it_has_its_files(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    [found] = looked_at(str(tmp_path))
    assert (found.level, "no weights" in found.says) == ("warning", True)
    (tmp_path / "model.safetensors").write_bytes(b"w")
    [found] = looked_at(str(tmp_path))
    assert (found.level, found.says) == ("ok", str(tmp_path))


@pytest.mark.timeout(180)
def test_a_provider_needs_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COHERE_API_KEY", raising=False)
    [found] = looked_at("litellm/cohere/rerank-v3.5")
    assert (found.level, "COHERE_API_KEY" in found.says) == ("warning", True)
    monkeypatch.setenv("COHERE_API_KEY", "secret-of-mine")
    [found] = looked_at("litellm/cohere/rerank-v3.5")
    assert found.level == "ok"
    assert "secret-of-mine" not in str(found)
