"""Providers that send their callers elsewhere, answer twice in one stream, or go on after the end."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from graph.gateways.chat_model import RoutedChatModel
from graph.ports import NoAnswer
from kb_contract.chat_models.books import Held
from kb_contract.chat_models.profiles import Profile
from tests.doubles.kept_books import KeptBooks, loopback_model
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.loopback_replies import Reply

END = b"data: [DONE]\n\n"


@pytest.fixture(scope="module")
def asked() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        yield running


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(asked: LoopbackProvider, elsewhere: LoopbackProvider) -> None:
    for one in (asked, elsewhere):
        one.says("ok")
        one.calls.clear()


async def written(model: RoutedChatModel) -> str:
    try:
        return (await model.write(system="s", user="u", tier="standard", deadline=60)).text
    finally:
        await model.close()


def event(text: str = "", *, index: int = 0, finish: str | None = None) -> bytes:
    choice = {"index": index, "delta": {"content": text}, "finish_reason": finish}
    chunk: dict[str, Any] = {
        "id": "x",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
    }
    return b"data: " + json.dumps({**chunk, "choices": [choice]}).encode() + b"\n\n"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("library", ["openai", "groq", "anthropic", "gemini", "ollama"])
async def test_no_redirect_takes_texts_or_a_key_elsewhere(
    asked: LoopbackProvider, elsewhere: LoopbackProvider, library: str, status: int
) -> None:
    place = elsewhere.api_base.replace("127.0.0.1", "localhost")
    asked.says(Reply(status=status, text="moved", location=f"{place}/chat/completions"))
    one = {"model": f"{library}/m", "api_base": asked.api_base, "api_key": SecretStr("sk-test")}
    model = RoutedChatModel(Profile.model_validate({"primary": {"standard": one}}), KeptBooks())

    with pytest.raises(NoAnswer):
        await written(model)

    assert elsewhere.calls == []
    assert 1 <= len(asked.calls) <= 2


class Witness(KeptBooks):
    """Looks what was sent when it is told that something goes out."""

    def __init__(self, provider: LoopbackProvider) -> None:
        super().__init__()
        self.provider = provider
        self.before: list[int] = []

    async def goes_out(self, held: Held) -> None:
        await super().goes_out(held)
        self.before.append(len(self.provider.calls))


@pytest.mark.parametrize("library", ["openai", "groq", "anthropic", "gemini", "ollama"])
async def test_nothing_is_sent_before_it_is_written_down(
    asked: LoopbackProvider, library: str
) -> None:
    asked.says(Reply(status=400))
    books = Witness(asked)
    one = {"model": f"{library}/m", "api_base": asked.api_base, "api_key": SecretStr("sk-test")}

    with pytest.raises(NoAnswer):
        await written(
            RoutedChatModel(Profile.model_validate({"primary": {"standard": one}}), books)
        )

    assert len(asked.calls) == len(books.sent) >= 1
    assert books.before == list(range(len(asked.calls)))


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([event("half of it"), event("other", index=1), event(index=1, finish="stop"), END],
         "several answers"),
        ([event("all of it"), event(finish="stop"), event(" and more"), END], "after the end"),
    ],
)  # fmt: skip
async def test_a_lie_about_the_end_is_no_answer(
    asked: LoopbackProvider, events: list[bytes], said: str
) -> None:
    asked.says(Reply(raw=b"".join(events)))

    with pytest.raises(NoAnswer, match=said):
        await written(loopback_model(asked))

    assert len(asked.calls) == 2


async def test_an_end_that_is_said_twice_is_one(asked: LoopbackProvider) -> None:
    asked.says(Reply(raw=b"".join([event("all"), *[event(finish="stop")] * 3, END])))

    assert await written(loopback_model(asked)) == "all"


async def test_a_flood_of_pieces_leaves_others_their_turns(asked: LoopbackProvider) -> None:
    flood = [event("x") for _ in range(2_000)]
    asked.says(Reply(raw=b"".join([*flood, event(finish="stop"), END])))
    turns, at_pieces, done = 0, list[int](), asyncio.Event()

    async def others() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    model = loopback_model(asked)
    await model.write(
        system="s", user="u", tier="standard", deadline=60, heard=lambda _: at_pieces.append(turns)
    )
    done.set()
    await asyncio.gather(beside, model.close())
    assert len(set(at_pieces)) == len(at_pieces) == 2_000


@pytest.mark.parametrize(
    "when", ["Wed, 21 Oct 2026 07:28:00 -0000", "Wed, 21 Oct 2026 07:28:00", "never", "-7", "nan"]
)
async def test_no_word_about_waiting_is_too_odd(asked: LoopbackProvider, when: str) -> None:
    asked.says(Reply(status=429, retry_after=when), Reply("later"))

    assert await written(loopback_model(asked)) == "later"


async def test_what_began_to_come_is_paid_and_what_was_refused_is_not(
    asked: LoopbackProvider,
) -> None:
    books = KeptBooks()
    call = {
        "index": 0,
        "id": "c",
        "type": "function",
        "function": {"name": "rm", "arguments": "{}"},
    }
    choice = {"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}
    chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    unasked = b"data: " + json.dumps({**chunk, "choices": [choice]}).encode() + b"\n\n"
    asked.says(Reply(raw=unasked + END), Reply(status=400))

    for _ in range(2):
        with pytest.raises(NoAnswer):
            await written(loopback_model(asked, books=books))

    paid, refused = books.receipts
    assert paid.count.prompt > 0
    assert paid.dollars > 0
    assert refused.count.prompt == 0
    assert refused.dollars == 0


WHOLE = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
ACCOUNTS: dict[str, dict[str, Any]] = {
    "fractions": {"prompt_tokens": 10.5, "completion_tokens": 2.5, "total_tokens": 13.0},
    "one fraction": {**WHOLE, "completion_tokens": 2.5},
    "lists": {"prompt_tokens": [1], "completion_tokens": {}, "total_tokens": True},
    "a text for details": {**WHOLE, "prompt_tokens_details": "no"},
    "a fraction in details": {**WHOLE, "prompt_tokens_details": {"cached_tokens": 1.5}},
    "a list for details": {**WHOLE, "completion_tokens_details": [1]},
    "words": {"prompt_tokens": "ten", "completion_tokens": "two", "total_tokens": "twelve"},
    "more than there is": {**WHOLE, "cost": "free", "server_tool_use": 7, "speed": {"a": []}},
}


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("account", ACCOUNTS)
async def test_an_account_that_nobody_can_read_costs_no_answer(
    asked: LoopbackProvider, account: str, streams: bool
) -> None:
    asked.says(Reply(text="A fine answer.", usage=ACCOUNTS[account], streams=streams))
    books = KeptBooks()

    assert await written(loopback_model(asked, books=books)) == "A fine answer."

    count = books.receipts[-1].count
    assert count.prompt > 0
    assert count.completion > 0
    counts = [ACCOUNTS[account][name] for name in ("prompt_tokens", "completion_tokens")]
    known = counts == [10, 2]
    assert count.source == ("provider" if known else "estimated")
    assert (count.prompt == 10) is known
