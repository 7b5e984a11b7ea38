"""Providers whose streams flood: with what carries nothing, and without an end."""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from graph.gateways.chat_model import RoutedChatModel
from graph.ports import NoAnswer
from kb_contract.chat_models.measured_reply import LONGEST_REPLY, measure
from kb_contract.chat_models.profiles import Profile
from tests.doubles.kept_books import KeptBooks
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.loopback_replies import Reply

COMMENT = b": " + b"x" * 60_000 + b"\n\n"
ENOUGH = LONGEST_REPLY // len(COMMENT) + 1


@pytest.fixture
def asked() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        yield running


def of_openai(text: str) -> bytes:
    chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    parts: list[tuple[dict[str, str], str | None]] = [({"content": text}, None), ({}, "stop")]
    events = [
        {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        for delta, finish in parts
    ]
    said = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in events)
    return said + b"data: [DONE]\n\n"


def of_anthropic(text: str) -> bytes:
    usage = {"input_tokens": 1, "output_tokens": 1}
    message: dict[str, Any] = {
        "id": "x",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
    }
    block = {"type": "content_block_delta", "index": 0}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**message, "usage": usage}},
        {**block, "type": "content_block_start", "content_block": {"type": "text", "text": ""}},
        {**block, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
        {"type": "message_stop"},
    ]
    return b"".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in events)


async def written(asked: LoopbackProvider, library: str) -> str:
    one = {"model": f"{library}/m", "api_base": asked.api_base, "api_key": SecretStr("sk-test")}
    model = RoutedChatModel(Profile.model_validate({"primary": {"standard": one}}), KeptBooks())
    try:
        return (await model.write(system="s", user="u", tier="standard", deadline=300)).text
    finally:
        await model.close()


@pytest.mark.parametrize(("library", "said"), [("openai", of_openai), ("anthropic", of_anthropic)])
async def test_only_so_much_is_read_of_a_stream(
    asked: LoopbackProvider, library: str, said: Callable[[str], bytes]
) -> None:
    asked.says(Reply(raw=COMMENT + said("all of it")))
    assert await written(asked, library) == "all of it"
    asked.says(Reply(raw=COMMENT * ENOUGH + said("all of it")))
    with pytest.raises(NoAnswer):
        await written(asked, library)


async def test_a_burst_that_carries_nothing_leaves_others_their_turns() -> None:
    burst = b": x\n\n" * 20_000

    class Burst(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield burst

    turns, seen, done = 0, list[int](), asyncio.Event()

    async def others() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    strange = httpx.MockTransport(lambda _: httpx.Response(200, stream=Burst()))
    hooks = {"response": [measure]}
    async with (
        httpx.AsyncClient(transport=strange, event_hooks=hooks) as client,
        client.stream("GET", "http://127.0.0.1/") as reply,
    ):
        read = b""
        async for piece in reply.aiter_bytes():
            read += piece
            seen.append(turns)
    done.set()
    await beside
    assert read == burst
    assert len(set(seen)) == len(seen) >= len(burst) / 4096


def packed(encoding: str, body: bytes) -> bytes:
    return gzip.compress(body) if encoding == "gzip" else zlib.compress(body)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize(("library", "said"), [("openai", of_openai), ("anthropic", of_anthropic)])
async def test_a_packed_reply_is_unpacked_piece_by_piece(
    asked: LoopbackProvider, library: str, said: Callable[[str], bytes], encoding: str
) -> None:
    asked.says(Reply(raw=packed(encoding, COMMENT + said("all of it")), encoding=encoding))
    assert await written(asked, library) == "all of it"
    assert {one["accept-encoding"] for one in lower(asked.headers)} == {"identity"}
    bomb = packed(encoding, COMMENT * ENOUGH + said("all of it"))
    assert len(bomb) < LONGEST_REPLY / 100
    asked.says(Reply(raw=bomb, encoding=encoding))
    with pytest.raises(NoAnswer):
        await written(asked, library)


def lower(headers: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{name.lower(): value for name, value in one.items()} for one in headers]


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "gzip, gzip", "x" * 9_000])
async def test_what_cannot_be_unpacked_is_no_answer(asked: LoopbackProvider, encoding: str) -> None:
    asked.says(Reply(raw=of_openai("all of it"), encoding=encoding))
    with pytest.raises(NoAnswer):
        await written(asked, "openai")


async def test_one_piece_never_unpacks_into_more_than_a_piece() -> None:
    bomb = gzip.compress(b"x" * 3_000_000)

    class OnePiece(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield bomb

    strange = httpx.MockTransport(
        lambda _: httpx.Response(200, stream=OnePiece(), headers={"content-encoding": "gzip"})
    )
    async with (
        httpx.AsyncClient(transport=strange, event_hooks={"response": [measure]}) as client,
        client.stream("GET", "http://127.0.0.1/") as reply,
    ):
        sizes = [len(piece) async for piece in reply.aiter_raw()]
    assert sum(sizes) == 3_000_000
    assert max(sizes) <= 4096
