"""What a provider sends, read in small pieces and only so much of it, whatever it consists of."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import httpx

# The longest answer, each few letters of it in an event of its own, is a fraction of this.
LONGEST_REPLY: Final = 32_000_000
# Small, since the libraries above take all lines of a piece at one go.
_PIECE: Final = 4096


async def measure(response: httpx.Response) -> None:
    """Hook of an `httpx` client: let what comes be read through `MeasuredReply`."""
    stream = response.stream
    if isinstance(stream, httpx.AsyncByteStream):
        response.stream = MeasuredReply(stream)


@dataclass(frozen=True)
class MeasuredReply(httpx.AsyncByteStream):
    """Leaves others their turns while lines flood in that no answer is made of, and ends what goes on and on."""

    stream: httpx.AsyncByteStream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        taken = 0
        async for piece in self.stream:
            for at in range(0, len(piece), _PIECE):
                taken += min(_PIECE, len(piece) - at)
                if taken > LONGEST_REPLY:
                    raise httpx.ReadError(f"the provider sends more than {LONGEST_REPLY:,} bytes")
                yield piece[at : at + _PIECE]
                await asyncio.sleep(0)

    async def aclose(self) -> None:
        await self.stream.aclose()
