"""What a provider sends, read in small pieces and only so much of it, whatever it consists of."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

# The longest answer, each few letters of it in an event of its own, is a fraction of this.
LONGEST_REPLY: Final = 32_000_000
# Small, since the libraries above take all lines of a piece at one go.
_PIECE: Final = 4096
_ENCODING: Final = "content-encoding"
_PLAIN: Final = frozenset({"", "identity"})
# Either header, of gzip or of zlib, as the bytes say themselves.
_ANY_HEADER: Final = zlib.MAX_WBITS | 32
_PACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})


async def measure(response: httpx.Response) -> None:
    """Hook of an `httpx` client: let what comes be read through `MeasuredReply`."""
    stream = response.stream
    if not isinstance(stream, httpx.AsyncByteStream):
        return
    encoding = response.headers.get(_ENCODING, "").strip().lower()
    if encoding in _PLAIN:
        response.stream = MeasuredReply(stream)
    elif encoding in _PACKED:
        # Unpacked here, and not by the client, which would unpack a whole piece at one go.
        del response.headers[_ENCODING]
        response.stream = MeasuredReply(stream, _Unpacking())
    else:
        raise httpx.DecodingError(f"a reply was not asked for in {encoding[:40]!r}")


@dataclass
class _Unpacking:
    """Unpacks a few bytes at a time, however much a piece holds."""

    _by: Any = field(default_factory=lambda: zlib.decompressobj(_ANY_HEADER), init=False)

    def pieces(self, packed: bytes) -> Iterator[bytes]:
        left = packed
        while left and not self._by.eof:
            try:
                piece = self._by.decompress(left, _PIECE)
            except zlib.error as error:
                raise httpx.DecodingError(f"a reply cannot be unpacked: {error}") from error
            left = self._by.unconsumed_tail
            if piece:
                yield piece


@dataclass(frozen=True)
class MeasuredReply(httpx.AsyncByteStream):
    """Leaves others their turns while lines flood in that no answer is made of, and ends what goes on and on."""

    stream: httpx.AsyncByteStream
    unpacking: _Unpacking | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        taken = 0
        async for sent in self.stream:
            for piece in self._pieces(sent):
                taken += len(piece)
                if taken > LONGEST_REPLY:
                    raise httpx.ReadError(f"the provider sends more than {LONGEST_REPLY:,} bytes")
                yield piece
                await asyncio.sleep(0)

    def _pieces(self, sent: bytes) -> Iterator[bytes]:
        if self.unpacking is not None:
            return self.unpacking.pieces(sent)
        return (sent[at : at + _PIECE] for at in range(0, len(sent), _PIECE))

    async def aclose(self) -> None:
        await self.stream.aclose()
