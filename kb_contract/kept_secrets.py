"""Keys and passwords that are kept nowhere: those of the settings, and what can be nothing but a key."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings

HIDDEN: Final = "[hidden]"
SHORTEST: Final = 6
"""A shorter secret would also be found in words that are none."""
SHAPES: Final = (
    re.compile(r"kb_[0-9a-f]{12}_[A-Za-z0-9_-]{43}"),
    re.compile(r"kbt_[A-Za-z0-9_-]{43}"),
    re.compile(r"\bsk-[A-Za-z0-9_-]{16,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
)


def secrets_of(settings: BaseSettings) -> list[str]:
    """Return every secret that the settings hold."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    said = [one.get_secret_value() for one in values if isinstance(one, SecretStr)]
    several = [part.strip() for one in said for part in one.split(",")]
    return [*said, *several, *filter(None, map(_password, said))]


def _password(said: str) -> str | None:
    try:
        return urlsplit(said).password if "://" in said else None
    except ValueError:
        return None


@dataclass(frozen=True)
class KeptSecrets:
    """Hides them in whatever is about to be kept; words around them stay."""

    known: tuple[str, ...] = ()
    shapes: tuple[re.Pattern[str], ...] = SHAPES

    @classmethod
    def of(cls, secrets: Iterable[str]) -> "KeptSecrets":
        """The longest first: one may stand in another."""
        long_enough = {one for one in secrets if len(one) >= SHORTEST}
        return cls(tuple(sorted(long_enough, key=len, reverse=True)))

    def text(self, text: str) -> str:
        for secret in self.known:
            text = text.replace(secret, HIDDEN)
        for shape in self.shapes:
            text = shape.sub(HIDDEN, text)
        return text

    def hidden(self, value: Any) -> Any:
        """The same value without them, however deep they stand."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            fields = cast("Mapping[Any, Any]", value)
            return {self.hidden(name): self.hidden(one) for name, one in fields.items()}
        if isinstance(value, list | tuple):
            return [self.hidden(one) for one in cast("list[Any]", value)]
        return value
