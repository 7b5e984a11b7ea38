"""What is held before a request is never less than what is settled after it."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.ports import NoAnswer
from kb_contract.chat_models.answer_limit import AnswerLimit
from kb_contract.chat_models.litellm_library import litellm
from kb_contract.chat_models.prices import Count, believed, count_written, dollars
from kb_contract.chat_models.profiles import Deployment
from kb_contract.chat_models.request import order_for
from tests.doubles.kept_books import KeptBooks, loopback_model
from tests.doubles.loopback_provider import loopback_provider
from tests.doubles.loopback_replies import Reply

pytestmark = pytest.mark.timeout(180)
PROVIDERS = {"groq", "openai", "anthropic", "gemini", "ollama"}


def chat_models() -> list[str]:
    table: dict[str, Any] = litellm().model_cost
    found = {
        (str(one["litellm_provider"]), name) for name, one in table.items()
        if one.get("mode") == "chat" and one.get("litellm_provider") in PROVIDERS
        and not name.startswith("ft:")  # somebody's own
    }  # fmt: skip
    return sorted(f"{by}/{name.removeprefix(f'{by}/')}" for by, name in found)


TOKENS = st.integers(min_value=-5, max_value=500_000)
TOLD = st.one_of(TOKENS, st.none(), st.just("many"), st.floats(allow_nan=False))


@given(
    model=st.deferred(lambda: st.sampled_from(chat_models())), prompt=st.integers(0, 120_000), max_tokens=st.integers(1, 64_000),
    written=st.integers(0, 200_000), told=st.tuples(TOLD, TOLD, TOLD),
)  # fmt: skip
def test_whatever_a_provider_says_is_settled_within_what_was_held(
    model: str, prompt: int, max_tokens: int, written: int, told: tuple[Any, Any, Any]
) -> None:
    one = Deployment(model=model, max_tokens=max_tokens)
    order = order_for(one, "standard", "primary", prompt, 60)
    account = SimpleNamespace(
        prompt_tokens=told[0], completion_tokens=told[1],
        prompt_tokens_details=SimpleNamespace(cached_tokens=told[2]),
    )  # fmt: skip
    ours = Count(prompt, min(written, order.bound.completion))
    settled = believed(account, ours, Count(order.bound.prompt, order.bound.completion))
    assert settled.prompt <= order.bound.prompt
    assert settled.completion <= order.bound.completion
    assert dollars(one, settled) <= order.bound.dollars + 1e-12
    assert order.most_dollars <= order.bound.dollars + 1e-12


@given(pieces=st.lists(st.text(max_size=40), max_size=40), tokens=st.integers(1, 120))
def test_what_comes_is_cut_off_before_it_has_more_tokens_than_are_held(
    pieces: list[str], tokens: int
) -> None:
    one = Deployment(model="openai/any")
    limit, text = AnswerLimit(one, tokens), ""
    for piece in pieces:
        if limit.passed_by(text, piece):
            assert count_written(one, text + piece) > tokens
            assert limit.of(text) == tokens
            break
        text += piece
    assert count_written(one, text) <= tokens


@pytest.mark.parametrize("streams", [True, False])
async def test_who_writes_on_and_on_is_hung_up_on_and_left_alone(streams: bool) -> None:
    books = KeptBooks()
    with loopback_provider() as provider:
        provider.script = lambda call: Reply(text="word " * 5 * call["max_tokens"], streams=streams)
        model = loopback_model(provider, books=books, max_tokens=300)
        for _ in range(4):
            with pytest.raises(NoAnswer, match=r"writes more than 856 tokens|is not asked"):
                await model.write(system="s", user="u", tier="standard", deadline=60)
        await model.close()
        [state] = model.board.numbers()
        assert state["state"] == "open"
        _nobody_asked_again(books)


def _nobody_asked_again(books: KeptBooks) -> None:
    assert {one.outcome for one in books.receipts} == {"failed"}
    # Of one that does not stream, it is found out first that it does not.
    cut = [one for one in books.receipts if one.count.completion]
    assert [(one.count.completion, one.count.source) for one in cut] == [(856, "estimated")] * 3
    for order, receipt in zip(books.orders, books.receipts, strict=True):
        assert receipt.dollars <= order.bound.dollars


async def test_an_account_that_cannot_be_true_is_said_in_its_row() -> None:
    books = KeptBooks()
    with loopback_provider() as provider:
        lie = {"prompt_tokens": 10**6, "completion_tokens": 2, "total_tokens": 10**6 + 2}
        provider.says(Reply(text="fine", usage=lie))
        model = loopback_model(provider, books=books)
        await model.write(system="s", user="u", tier="standard", deadline=60)
    [receipt] = books.receipts
    assert (receipt.outcome, receipt.count.source) == ("answered", "estimated")
    assert receipt.error.startswith("its provider counted 1000000 and 2 tokens, of ")
