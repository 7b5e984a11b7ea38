"""One request to one provider: its answer is whole, or it is no answer."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from kb_contract.chat_models.answer_limit import AnswerLimit
from kb_contract.chat_models.failures import ProviderFailure, failure_of
from kb_contract.chat_models.going_out import GoesOut, told_when_it_goes_out
from kb_contract.chat_models.litellm_library import litellm
from kb_contract.chat_models.profiles import Deployment
from kb_contract.chat_models.spoken_part import SpokenPart
from kb_contract.text_border import clean_text

_PLAIN: Final = re.compile(r"[A-Za-z_]{1,30}")
LONGEST_ANSWER: Final = 200_000
_ENDS: Final = frozenset({"stop", "end_turn"})
Messages = list[dict[str, str]]


@dataclass
class ProviderCall:
    """Asks, and keeps what came so far, so that it can be accounted for however it ends."""

    deployment: Deployment
    messages: Messages
    heard: Callable[[str], None]
    """Hears each piece as it comes."""
    goes_out: GoesOut
    """Is told before anything is sent."""
    limit: AnswerLimit
    stream: bool = True
    text: str = field(default="", init=False)
    """All that came, thoughts too: it is paid."""
    told: Any = field(default=None, init=False)
    """What the provider says of the tokens, if it does."""
    sent: bool = field(default=False, init=False)
    left: bool = field(default=False, init=False)
    """Whether we hung up on it, late or tired of it."""
    began: bool = field(default=False, init=False)
    """Whether it took the request: what comes then is paid, used or not."""
    sent_at: float = field(default=0.0, init=False)
    first_word: float | None = field(default=None, init=False)
    """Seconds from then to the first piece of a stream."""
    _unwritten: Exception | None = field(default=None, init=False)
    """Why the books did not take it down that it goes out; then it did not."""
    _spoken: SpokenPart = field(default_factory=SpokenPart, init=False)

    @property
    def is_unread(self) -> bool:
        """Whether an answer may be written that nobody reads: what comes at once shows no beginning."""
        return self.left and self.sent and (self.began or not self.stream)

    async def answer(self) -> str:
        """Return all that is said, or raise `ProviderFailure`."""
        try:
            with told_when_it_goes_out(self._going_out):
                finish = await (self._streamed() if self.stream else self._at_once())
        except ProviderFailure:
            raise
        except asyncio.CancelledError:
            self.left = True
            raise
        except Exception as error:
            if error is self._unwritten:
                raise
            # The library's client wraps what its hooks raise: that lies at us, and not at the provider.
            raise (self._unwritten or failure_of(error)) from error
        if str(finish).lower() not in _ENDS:
            # Who says that it stopped early would stop there again; who says nothing was cut off.
            kind = "not_whole" if finish is None else "refused_this"
            said = finish if finish is None or _PLAIN.fullmatch(str(finish)) else "unreadable"
            raise ProviderFailure(kind, f"the answer is not whole (finish_reason {said})")
        said = self._spoken.whole()
        if not said.strip():
            thoughts = " but for its thoughts" if self.text.strip() else ""
            raise ProviderFailure("not_whole", f"the answer is empty{thoughts}")
        return clean_text(said)

    async def _going_out(self) -> None:
        """Once: the client tells it; of one that does not, what came tells it."""
        if not self.sent:
            try:
                await self.goes_out()
            except Exception as error:
                self._unwritten = error
                raise
            self.sent, self.sent_at = True, asyncio.get_running_loop().time()

    async def _streamed(self) -> str | None:
        stream = await litellm().acompletion(
            **self._request(), stream=True, stream_options={"include_usage": True}
        )
        await self._going_out()
        self.began = True
        ended = False
        try:
            async for chunk in stream:
                self._hear(getattr(chunk, "choices", None), ended=ended)
                ended = stream.received_finish_reason is not None
                # What comes in one flood would keep everybody else, and the deadline, waiting.
                await asyncio.sleep(0)
        finally:
            await stream.aclose()
        # The library invents an end and an account where none came; these two hold what really came.
        received: list[Any] = stream.chunks
        finish = stream.received_finish_reason
        if not received:
            raise ProviderFailure("not_whole", "nothing came piece by piece", streams=False)
        if finish is not None:
            self.told = _whole_account(received)
        return finish

    async def _at_once(self) -> str | None:
        response = await litellm().acompletion(**self._request())
        choices = getattr(response, "choices", None)
        if not choices:
            raise ProviderFailure("not_whole", "the answer has no choices")
        await self._going_out()
        self.began = True
        self.told = getattr(response, "usage", None)
        text = getattr(choices[0].message, "content", None)
        if isinstance(text, str):
            self._take(text)
        return choices[0].finish_reason

    def _hear(self, choices: Any, *, ended: bool) -> None:
        if not choices:
            return
        if choices[0].index:
            # Of several answers in one stream, the end of one says nothing of the other.
            raise ProviderFailure("not_whole", "several answers came where one was asked for")
        piece = getattr(choices[0].delta, "content", None)
        if self.first_word is None and (
            piece or getattr(choices[0].delta, "reasoning_content", None)
        ):
            self.first_word = round(asyncio.get_running_loop().time() - self.sent_at, 3)
        if isinstance(piece, str) and piece:
            if ended:
                raise ProviderFailure("not_whole", "more came after the end of the answer")
            self._take(piece)

    def _take(self, piece: str) -> None:
        if self.limit.passed_by(self.text, piece):
            raise ProviderFailure("not_whole", f"it writes more than {self.limit.tokens:,} tokens")
        self.text += piece
        if len(self.text) > LONGEST_ANSWER:
            raise ProviderFailure(
                "not_whole", f"the answer has more than {LONGEST_ANSWER:,} characters"
            )
        if said := self._spoken.take(piece):
            self.heard(said)

    def _request(self) -> dict[str, Any]:
        one = self.deployment
        return {
            "model": one.model,
            "messages": self.messages,
            "api_base": one.api_base,
            "api_key": one.api_key.get_secret_value() if one.api_key else None,
            "temperature": 0,
            "max_tokens": one.max_tokens,
            "timeout": one.timeout,
            # Retries in more than one layer multiply, so the layers below have none.
            "max_retries": 0,
            "num_retries": 0,
            "drop_params": True,
        }


def _whole_account(chunks: list[Any]) -> Any:
    """Return the last account; some tell of the prompt at the beginning and of the rest at the end."""
    accounts: list[Any] = [one.usage for one in chunks if getattr(one, "usage", None)]
    if not accounts:
        return None
    whole = accounts[-1]
    whole.prompt_tokens = max(one.prompt_tokens for one in accounts)
    whole.completion_tokens = max(one.completion_tokens for one in accounts)
    return whole
