"""Every provider through one port: bounded in time, tried twice at most, and never half an answer."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

from pydantic import SecretStr

from graph.ports import ChatModel, Written
from graph.settings import ReaderSettings
from graph.state import Usage
from graph.text_border import clean_text
from kb_contract.errors import ModelFailed

OFFLINE: Final = "offline"
ATTEMPTS: Final = 2
BETWEEN_ATTEMPTS: Final = 0.3
MOST_TOKENS: Final = 2000
LONGEST_ANSWER: Final = 200_000
CHARACTERS_PER_TOKEN: Final = 4
_WORTH_ANOTHER: Final = {
    "RateLimitError", "InternalServerError", "ServiceUnavailableError", "APIConnectionError",
    "BadGatewayError",
}  # fmt: skip


class UsageLog(Protocol):
    """Keeps what calls cost."""

    async def keep(self, usage: Usage) -> None: ...


@dataclass(frozen=True)
class LitellmChatModel:
    """Any model that litellm knows; keys come from the environment as litellm names them."""

    model: str
    usage_log: UsageLog
    api_base: str | None = None
    api_key: SecretStr | None = None

    async def write(self, *, system: str, user: str, tier: str, deadline: float) -> Written:
        """Return a whole answer within `deadline` seconds, or raise `ModelFailed`."""
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        try:
            async with asyncio.timeout(deadline):
                library = await asyncio.to_thread(_litellm)
                response = await self._answered(library, messages, deadline, tier)
        except TimeoutError as error:
            raise self._failed(f"no answer within {deadline:g} s") from error
        usage = _usage(self.model, response, f"{system}{user}")
        # What was answered was paid for, whether or not it can be used.
        await self.usage_log.keep(usage)
        return Written(self._whole_text(response), usage)

    async def _answered(
        self, library: Any, messages: list[dict[str, str]], seconds: float, tier: str
    ) -> Any:
        attempt = 1
        while True:
            try:
                return await library.acompletion(
                    model=self.model,
                    messages=messages,
                    temperature=0,
                    max_tokens=MOST_TOKENS,
                    timeout=seconds,
                    # Retries in more than one layer multiply, so the layers below have none.
                    max_retries=0,
                    num_retries=0,
                    drop_params=True,
                    api_base=self.api_base,
                    api_key=self.api_key.get_secret_value() if self.api_key else None,
                    metadata={"tier": tier},
                )
            except Exception as error:  # providers fail in ways of their own
                name = type(error).__name__
                if attempt == ATTEMPTS or name not in _WORTH_ANOTHER:
                    raise self._failed(f"{name}: {str(error)[:300]}") from error
            attempt += 1
            await asyncio.sleep(BETWEEN_ATTEMPTS)

    def _whole_text(self, response: Any) -> str:
        """Return the text of an answer that its writer finished; anything else is no answer."""
        choices = getattr(response, "choices", None)
        if not choices:
            raise self._failed("the answer has no choices")
        reason = choices[0].finish_reason
        text = getattr(choices[0].message, "content", None)
        if reason != "stop":
            raise self._failed(f"the answer is not whole (finish_reason {reason!r})")
        if not isinstance(text, str) or not text.strip():
            raise self._failed("the answer is empty")
        if len(text) > LONGEST_ANSWER:
            raise self._failed(f"the answer has {len(text)} characters")
        return clean_text(text)

    def _failed(self, what: str) -> ModelFailed:
        return ModelFailed(what, where=self.model, cure="see LLM_PROFILE and the provider's key")


def chat_model(settings: ReaderSettings, usage_log: UsageLog) -> ChatModel | None:
    """Return the model of the settings; None means that answers are made of sentences as they are."""
    if settings.llm_profile == OFFLINE:
        return None
    return LitellmChatModel(settings.llm_profile, usage_log)


@cache
def _litellm() -> Any:
    # Without this the library fetches its price list over the network when it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # noqa: TID251 - a library's switch
    import litellm  # noqa: PLC0415 - takes seconds; only a process with a profile pays

    litellm.suppress_debug_info = True
    return litellm


def _usage(model: str, response: Any, asked: str) -> Usage:
    told = getattr(response, "usage", None)
    prompt, completion = (
        int(getattr(told, name, 0) or 0) for name in ("prompt_tokens", "completion_tokens")
    )
    source = "provider" if prompt and completion else "estimated"
    if source == "estimated":
        text = str(getattr(response, "choices", ""))
        prompt = max(prompt, len(asked) // CHARACTERS_PER_TOKEN)
        completion = max(completion, len(text) // CHARACTERS_PER_TOKEN)
    hidden: Mapping[str, Any] = getattr(response, "_hidden_params", None) or {}
    return {
        "model": model,
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "cost": float(hidden.get("response_cost") or 0.0),
        "source": source,
    }
