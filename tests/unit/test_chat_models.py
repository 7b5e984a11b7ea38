"""Whom a profile asks, when it asks others, and what it tells: against real HTTP servers."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from graph.agents.drafting import Drafting, claims_so_far
from graph.gateways.chat_model import RoutedChatModel
from graph.nodes.synthesize import stand_ins
from graph.ports import WORKING_STEP, NoAnswer
from kb_contract.chat_models import logical_call
from kb_contract.chat_models.breaker import BreakerRules
from kb_contract.chat_models.profiles import Deployment, chosen_profile
from kb_contract.chat_models.retry_budget import RetryBudget
from tests.doubles.kept_books import KeptBooks, loopback_model, loopback_profile
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.loopback_replies import Reply


@pytest.fixture(scope="module")
def three() -> Iterator[tuple[LoopbackProvider, ...]]:
    with loopback_provider() as one, loopback_provider() as two, loopback_provider() as last:
        first = loopback_model(one).write(system="s", user="u", tier="cheap", deadline=60)
        asyncio.run(first)  # loads what the first call of a process loads
        yield one, two, last


@pytest.fixture(autouse=True)
def _fresh(three: tuple[LoopbackProvider, ...]) -> None:
    for one in three:
        one.calls.clear()
        one.headers.clear()
        one.says("fine")


async def ask(model: RoutedChatModel, **more: Any) -> str:
    asked = {"system": "s", "user": "u", "tier": "standard", "deadline": 10.0, **more}
    return (await model.write(**asked)).text


async def test_the_next_one_answers_and_is_named(three: tuple[LoopbackProvider, ...]) -> None:
    one, two, _ = three
    one.says(Reply(status=500))
    written = await loopback_model(*three).write(system="s", user="u", tier="cheap", deadline=10)
    assert (written.text, len(one.calls), len(two.calls)) == ("fine", 1, 1)
    assert [usage["role"] for usage in written.usage] == ["fallback"]
    assert stand_ins(written.usage) == [
        "The fallback model openai/fallback answered, since the models before it did not."
    ]


async def test_two_requests_are_the_most_of_one_call(three: tuple[LoopbackProvider, ...]) -> None:
    for provider in three:
        provider.says(Reply(status=500))
    model = loopback_model(*three)
    with pytest.raises(NoAnswer, match=r"openai/primary.*openai/fallback"):
        await ask(model)
    assert sum(len(provider.calls) for provider in three) == 2


async def test_a_dead_model_is_asked_three_times_and_the_emergency_one_takes_over(
    three: tuple[LoopbackProvider, ...],
) -> None:
    one, two, last = three
    one.says(Reply(status=503))
    two.says(Reply(status=503))
    model = loopback_model(*three)
    answered = 0
    for _ in range(12):
        try:
            answered += (await ask(model)) == "fine"
        except NoAnswer:
            continue
    assert (len(one.calls), len(two.calls)) == (3, 3)
    assert (answered, len(last.calls)) == (9, 9)
    states = {row["model"].split(" ")[0]: row["state"] for row in model.board.numbers()}
    assert states == {
        "openai/primary": "open", "openai/fallback": "open", "openai/emergency": "closed",
    }  # fmt: skip


async def test_an_outage_of_all_adds_at_most_a_tenth(three: tuple[LoopbackProvider, ...]) -> None:
    # The rests are over at once, so that nothing but the share of second requests holds them back.
    one = three[0]
    one.says(Reply(status=500))
    model = loopback_model(one)
    object.__setattr__(model.board, "rules", BreakerRules(rest=0.0, longest_rest=0.0))
    for _ in range(60):
        with pytest.raises(NoAnswer):
            await ask(model)
    reserve = RetryBudget().most
    assert len(one.calls) <= 60 * 1.1 + reserve


async def test_a_told_wait_is_kept(three: tuple[LoopbackProvider, ...]) -> None:
    one = three[0]
    at: list[float] = []

    def script(_: dict[str, Any]) -> Reply:
        at.append(time.monotonic())
        return Reply(status=429, retry_after="1") if len(at) == 1 else Reply(text="fine")

    one.script = script
    assert await ask(loopback_model(one)) == "fine"
    assert at[1] - at[0] >= 1.0


async def test_all_who_wait_for_a_busy_model_get_their_answer(
    three: tuple[LoopbackProvider, ...],
) -> None:
    one = three[0]
    one.says(Reply(status=429, retry_after="1"), "fine")
    model = loopback_model(one)
    with pytest.raises(NoAnswer):
        await ask(model, deadline=1.2)
    assert await asyncio.gather(*(ask(model) for _ in range(8))) == ["fine"] * 8
    assert len(one.calls) == 9


async def test_one_that_is_told_to_wait_lets_nobody_else_fail(
    three: tuple[LoopbackProvider, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer takes longer than anybody waits for a busy model."""
    monkeypatch.setattr(logical_call, "MOST_PATIENCE", 0.6)
    one = three[0]
    slow = Reply(text="word " * 40, drip_seconds=0.05)
    one.says(Reply(status=429, retry_after="0.5"), slow)
    model = loopback_model(one)
    answers = await asyncio.gather(*(ask(model, deadline=120.0) for _ in range(3)))
    assert [len(said.split()) for said in answers] == [40] * 3


async def failed_before(one: LoopbackProvider, *now: Reply | str) -> RoutedChatModel:
    """Return a model whose rest after failures is over, so that the next call tries it out."""
    one.says(*[Reply(status=500)] * 3, *now)
    model = loopback_model(one)
    clock = [0.0]
    object.__setattr__(model.board, "clock", lambda: clock[0])
    for _ in range(2):
        with pytest.raises(NoAnswer):
            await ask(model)
    clock[0] += BreakerRules().rest
    return model


async def test_who_comes_while_one_tries_it_out_waits_for_its_word(
    three: tuple[LoopbackProvider, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logical_call, "MOST_PATIENCE", 0.6)
    slow = Reply(text="word " * 40, drip_seconds=0.05)
    model = await failed_before(three[0], slow, "fine")
    answers = await asyncio.gather(*(ask(model, deadline=120.0) for _ in range(3)))
    assert sorted(len(said.split()) for said in answers) == [1, 1, 40]


async def test_nobody_waits_all_the_time_for_one_that_hangs(
    three: tuple[LoopbackProvider, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = await failed_before(three[0], Reply(hang_seconds=600.0))
    tries = asyncio.create_task(ask(model, deadline=600.0))
    while model.board.numbers()[0]["state"] != "half_open":
        await asyncio.sleep(0)
    monkeypatch.setattr(logical_call, "PATIENT_SHARE", 0.001)
    with pytest.raises(NoAnswer, match="is tried out by another call"):
        await ask(model, deadline=600.0)
    assert not tries.done()
    tries.cancel()
    with pytest.raises(asyncio.CancelledError):
        await tries


async def test_a_long_wait_is_nobodys(three: tuple[LoopbackProvider, ...]) -> None:
    one = three[0]
    one.says(Reply(status=429, retry_after="120"))
    model = loopback_model(one)
    for _ in range(3):
        with pytest.raises(NoAnswer, match=r"not asked for 1\d\d s more"):
            await ask(model)
    assert len(one.calls) == 1


async def test_a_refused_key_is_not_tried_twice_nor_shown(
    three: tuple[LoopbackProvider, ...],
) -> None:
    one = three[0]
    one.says(
        Reply(status=401, text="the key sk-test-0123456789 is wrong: ![see](http://evil/x.png)")
    )
    with capture_logs() as logs, pytest.raises(NoAnswer) as failed:
        await ask(loopback_model(one))
    assert len(one.calls) == 1
    assert "AuthenticationError 401" in str(failed.value)
    assert not any(said in str(failed.value) for said in ("sk-test", "evil"))
    assert "[key] is wrong" in str(logs)
    assert "sk-test" not in str(logs)


async def test_slow_answers_count_against_a_model(three: tuple[LoopbackProvider, ...]) -> None:
    one, two, _ = three
    model = loopback_model(one, two, slow_seconds=0.0001)
    for _ in range(7):
        assert await ask(model) == "fine"
    assert (len(one.calls), len(two.calls)) == (5, 2)


async def test_a_provider_that_cannot_stream_is_asked_for_all_at_once(
    three: tuple[LoopbackProvider, ...],
) -> None:
    one = three[0]
    one.says(Reply(text="fine", streams=False))
    model = loopback_model(one)
    assert [await ask(model), await ask(model)] == ["fine", "fine"]
    assert [call.get("stream", False) for call in one.calls] == [True, False, False]


async def test_who_gives_up_pays_what_came_and_frees_the_probe(
    three: tuple[LoopbackProvider, ...],
) -> None:
    one = three[0]
    one.says(Reply(text="word " * 100, drip_seconds=0.02))
    books = KeptBooks()
    model = loopback_model(one, books=books)
    heard: list[str | None] = []
    begun = asyncio.Event()

    def hear(piece: str | None) -> None:
        heard.append(piece)
        begun.set()

    work = asyncio.create_task(ask(model, heard=hear))
    await begun.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await model.close()
    [receipt] = books.receipts
    assert (receipt.outcome, receipt.count.source) == ("abandoned", "estimated")
    assert receipt.count.completion > 0
    assert model.board.numbers()[0]["state"] == "closed"


async def test_nothing_of_a_caller_reaches_a_provider_but_texts(
    three: tuple[LoopbackProvider, ...],
) -> None:
    one = three[0]
    user = json.dumps({"api_base": "http://evil", "model": "evil", "headers": {"x-evil": "1"}})
    await ask(loopback_model(one), system="model: evil", user=user, tier="evil")
    [call] = one.calls
    assert (call["model"], set(call)) == (
        "primary", {"messages", "model", "max_tokens", "stream", "stream_options", "temperature"},
    )  # fmt: skip
    assert not any("evil" in f"{name}{value}" for name, value in one.headers[0].items())


@pytest.mark.parametrize(
    ("said", "share"),
    [
        ({"model": "openai/gpt-4o-mini"}, 0.5),
        ({"model": "anthropic/claude-haiku-4-5"}, 0.5),
        ({"model": "groq/openai/gpt-oss-20b"}, 1.0),
        ({"model": "gemini/gemini-2.5-flash"}, 1.0),
        ({"model": "gemini/gemini-2.5-flash", "stops_unread": True}, 1.0),  # asked for whole bodies
        ({"model": "openai/ours", "api_base": "http://ours/v1"}, 1.0),
        ({"model": "openai/ours", "api_base": "http://ours/v1", "stops_unread": True}, 0.5),
        ({"model": "openai/gpt-4o-mini", "stops_unread": False}, 1.0),
    ],
)
def test_who_writes_on_for_a_reader_that_is_gone(said: dict[str, Any], share: float) -> None:
    assert Deployment.model_validate(said).unread_share == share


async def test_the_agents_tier_is_asked_for(three: tuple[LoopbackProvider, ...]) -> None:
    one = three[0]
    said = loopback_profile(one).model_dump()
    said["primary"] |= {"strong": {**said["primary"]["standard"], "model": "openai/big"}}
    model = RoutedChatModel(
        loopback_profile(one).model_validate({**said, "agents": {"legal": "strong"}}), KeptBooks()
    )
    token = WORKING_STEP.set(("s1", "legal"))
    try:
        await ask(model)
    finally:
        WORKING_STEP.reset(token)
    assert one.calls[0]["model"] == "big"


async def test_drafts_grow_word_by_word_and_are_taken_back(
    three: tuple[LoopbackProvider, ...],
) -> None:
    one = three[0]
    whole = json.dumps({"claims": [{"text": "The first sentence of a draft, which is long enough.", "findings": ["f1"]},
                                   {"text": "And ![a picture](http://evil/x.png) after it.", "findings": ["f2"]}]})  # fmt: skip
    one.says(Reply(text=whole, cut_at=2600), whole)
    said: list[tuple[str, str]] = []
    heard = Drafting(lambda kind, **more: said.append((kind, more.get("text", ""))))
    await ask(loopback_model(one), heard=heard)
    kinds = [kind for kind, _ in said]
    assert kinds.count("draft_dropped") == 1
    again = kinds.index("draft_dropped") + 1
    assert again > 1
    assert len(said) - again > 1
    assert "".join(text for _, text in said[again:]) == (
        "The first sentence of a draft, which is long enough.\nAnd a picture after it."
    )


def test_claims_are_read_from_json_that_ends_anywhere() -> None:
    whole = json.dumps(
        {"claims": [{"text": "One.", "quotes": []}, {"text": 'Two "quoted".', "quotes": [1]}]}
    )
    found = [claims_so_far(whole[:at]) for at in range(len(whole) + 1)]
    assert found[-1] == 'One.\nTwo "quoted".'
    assert all(found[-1].startswith(one) for one in found)
    assert claims_so_far("no JSON") == claims_so_far("[1]") == claims_so_far('{"claims": 3}') == ""


async def test_a_single_model_finds_its_address_and_price_as_litellm_does(
    three: tuple[LoopbackProvider, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = three[0]
    monkeypatch.setenv("OPENAI_BASE_URL", one.api_base)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    profile = chosen_profile("gpt-4o-mini", "")
    assert profile is not None
    books = KeptBooks()
    assert await ask(RoutedChatModel(profile, books)) == "fine"
    bill = one.bills[-1]
    assert books.receipts[0].dollars == pytest.approx(
        bill.prompt_tokens * 0.15e-6 + bill.completion_tokens * 0.6e-6
    )
