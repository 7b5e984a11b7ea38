"""Models that a setting names as litellm does: whoever has them is asked over the network."""

from typing import Final

BY_API: Final = "litellm/"


def is_by_api(setting: str) -> bool:
    """Whether a provider runs the model, and not this machine."""
    return setting.startswith(BY_API)


def name_by_api(setting: str) -> str:
    """Return the model's name as litellm knows it."""
    return setting.removeprefix(BY_API)
