"""Tokens and money of one request: as the provider says where that can be believed, else as we count."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from kb_contract.chat_models.litellm_library import litellm
from kb_contract.chat_models.profiles import Deployment

# A provider's count that lies further from ours than this is not believed.
_FACTOR: Final = 4
_SLACK: Final = 256
_MILLION: Final = 1_000_000


@dataclass(frozen=True)
class Count:
    """Tokens of a request."""

    prompt: int
    completion: int
    cached: int = 0
    source: Literal["provider", "estimated"] = "estimated"


def count_asked(deployment: Deployment, messages: Sequence[dict[str, str]]) -> int:
    """Count here what a request says; exact for some models, near for all."""
    return int(litellm().token_counter(model=deployment.model, messages=list(messages)))


def count_written(deployment: Deployment, text: str) -> int:
    """Count here what came back."""
    return int(litellm().token_counter(model=deployment.model, text=text)) if text else 0


def most_told(prompt: int, max_tokens: int) -> Count:
    """Return the most that a provider is believed to have counted: so much is held before it is asked."""
    # Reasoning that is not shown is paid too; some write on beyond what they were asked for.
    return Count(prompt * _FACTOR + _SLACK, max_tokens * 2 + _SLACK if max_tokens else 0)


def believed(told: Any, ours: Count, most: Count) -> Count:
    """Take the provider's count, unless it is missing or cannot be true."""
    prompt, completion = _whole(told, "prompt_tokens"), _whole(told, "completion_tokens")
    if prompt is None or completion is None:
        return ours
    possible = ours.completion / _FACTOR <= completion <= most.completion
    if not (is_likely(prompt, ours.prompt) and possible and completion > 0):
        return ours
    details = getattr(told, "prompt_tokens_details", None)
    cached = _whole(details, "cached_tokens") or 0
    return Count(prompt, completion, min(cached, prompt), "provider")


def beyond_belief(told: Any, most_prompt: int, most_completion: int) -> str:
    """Say what a provider counted where it is more than was held for it."""
    prompt, completion = _whole(told, "prompt_tokens"), _whole(told, "completion_tokens")
    if (prompt or 0) <= most_prompt and (completion or 0) <= most_completion:
        return ""
    return f"its provider counted {prompt} and {completion} tokens, of {most_prompt} and {most_completion} at worst"


def is_likely(told: int, ours: int) -> bool:
    """Whether a provider's count of a prompt can be true, beside our own."""
    return told > 0 and ours / _FACTOR - _SLACK <= told <= most_told(ours, 0).prompt


def dollars(deployment: Deployment, count: Count) -> float:
    """Return what the tokens cost; models that no list knows cost nothing."""
    if deployment.input_price is not None or deployment.output_price is not None:
        paid = count.prompt * (deployment.input_price or 0.0)
        return (paid + count.completion * (deployment.output_price or 0.0)) / _MILLION
    library = litellm()
    usage = library.Usage(
        prompt_tokens=count.prompt,
        completion_tokens=count.completion,
        prompt_tokens_details={"cached_tokens": count.cached} if count.cached else None,
    )
    try:
        prompt, completion = library.cost_per_token(model=deployment.model, usage_object=usage)
    except Exception as error:
        if "isn't mapped" in str(error) or type(error).__name__ in {
            "ModelNotMappedError",
            "NotFoundError",
        }:
            return 0.0
        raise
    return float(prompt + completion)


def per_thousand(deployment: Deployment) -> float:
    """Return what a thousand tokens of a usual request cost, of which a tenth is written."""
    return dollars(deployment, Count(900, 100))


def _whole(told: Any, name: str) -> int | None:
    value = getattr(told, name, None)
    return value if type(value) is int and value >= 0 else None
