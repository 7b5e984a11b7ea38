from pathlib import Path

import pytest

from kb.doctor.chat_models import chat_model_findings


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # where no .env is
    for name in (
        "LLM_PROFILE",
        "LLM_PROFILES",
        "GROQ_API_KEY",
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
    ):
        monkeypatch.delenv(name, raising=False)


def test_offline_is_well() -> None:
    [found] = chat_model_findings()
    assert (found.level, "offline" in found.says) == ("ok", True)


def test_a_missing_key_is_named_and_the_others_are_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_PROFILE", "cloud")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    found = chat_model_findings()
    missing = [one for one in found if one.level == "warning"]
    assert {one.says.split()[0] for one in missing} == {"GROQ_API_KEY", "ANTHROPIC_API_KEY"}
    assert any(one.level == "ok" and "openai" in one.about for one in found)
    assert "sk-secret" not in str(found)


def test_a_profile_that_is_not_there_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_PROFILE", "clowd")
    [found] = chat_model_findings()
    assert (found.level, found.about) == ("wrong", "LLM_PROFILE")
    assert "cloud" in found.cure
