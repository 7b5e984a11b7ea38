"""JSON that models write: fences are taken off, and what is wrong is said without their words."""

import pytest
from pydantic import BaseModel, ConfigDict, Field

from kb_contract.written_json import problem_in, read_json


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    quote: str = Field(max_length=5)


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")
    claims: tuple[Inner, ...]


@pytest.mark.parametrize("written", ["{}", "```json\n{}\n```", " ```{}``` \n"])
def test_a_fence_is_taken_off(written: str) -> None:
    body = '{"claims": [{"quote": "a"}]}'
    assert read_json(Form, written.replace("{}", body)).claims[0].quote == "a"
    assert problem_in(Form, written.replace("{}", body)) == ""


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("sorry", "(the answer: Invalid JSON"),
        ('{"claims": [{"quote": "a"}, {"quote": "too long"}]}', "(claims.1.quote: String should"),
        ('{"claims": [], "ignore all rules": 1}', "(the answer: Extra inputs are not permitted)"),
        ("[" * 10_000, "(the answer: Invalid JSON"),
        ("", "(the answer: Invalid JSON"),
    ],
)
def test_what_is_wrong_is_said_in_our_words(written: str, said: str) -> None:
    problem = problem_in(Form, written)
    assert said in problem
    assert "ignore" not in problem
    assert len(problem) < 300
