"""Which models a profile names, in which order, and what is wrong with a file of them."""

from pathlib import Path

import pytest

from kb_contract.chat_models.profiles import chosen_profile
from kb_contract.errors import BadSetting


def test_a_file_of_profiles(tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(
        """
profiles:
  house:
    primary: {cheap: a/small, strong: {model: a/big, timeout: 5}}
    emergency: b/any
    agents: {legal: strong}
""",
        encoding="utf-8",
    )
    profile = chosen_profile("house", str(file))
    assert profile is not None
    assert [one.model for _, one in profile.in_order("standard")] == ["a/big", "b/any"]
    assert [role for role, _ in profile.in_order("cheap")] == ["primary", "emergency"]
    assert [profile.tier_for("cheap", who) for who in ("legal", "x")] == ["strong", "cheap"]
    assert profile.tier_for("whatever", None) == "standard"
    assert chosen_profile("offline", str(file)) is None
    for name in ("openai/gpt-4o-mini", "gpt-4o-mini"):
        single = chosen_profile(name, "")
        assert single is not None
        assert [one.model for _, one in single.in_order("strong")] == [name]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("profiles: {p: {fallback: a/b}}", "profiles.p.primary"),
        ("profiles: {p: {primary: {huge: a/b}}}", "profiles.p.primary.huge"),
        ("profiles: {p: {primary: {model: a/b, api_base: 'file:///etc'}}}", "api_base"),
        ("budgets: [{name: b, cap: -1}]", "budgets.0.cap"),
        ("budgets: [{name: b, cap: .inf}]", "budgets.0.cap"),
        ("budgets: [{name: b, cap: 1}, {name: b, cap: 2, scope: user}]", "more than one .* b"),
        ("profiles: {p: {primary: {model: a/b, input_price: .inf}}}", "input_price"),
        ("profiles: {p: {primary: {model: a/b, input_price: .nan}}}", "input_price"),
        ("nothing: 1", "nothing"),
        ("profiles: [", "no YAML"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadSetting, match=said):
        chosen_profile("p", str(file))


def test_a_name_that_nobody_knows_lists_those_that_are() -> None:
    with pytest.raises(BadSetting, match="offline, cloud"):
        chosen_profile("clowd", "")
