"""Takes secrets out of log lines: those of the settings, and whatever looks like one."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from pydantic import SecretStr
from pydantic_settings import BaseSettings
from structlog.typing import EventDict, Processor

HIDDEN: Final = "[hidden]"
SHORTEST: Final = 6
"""A shorter secret would also be found in words that are none."""
_PATTERNS: Final = (
    (re.compile(r"kb_[0-9a-f]{12}_[A-Za-z0-9_-]{43}"), HIDDEN),
    (re.compile(r"(/approvals/links/)[A-Za-z0-9_-]{43}"), rf"\1{HIDDEN}"),
    (re.compile(r"kbt_[A-Za-z0-9_-]{43}"), HIDDEN),
    (re.compile(r"\bsk-[A-Za-z0-9_-]{16,}"), HIDDEN),
    (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(\w+://[^\s:/@]*):[^\s@/]+@"), rf"\1:{HIDDEN}@"),
)
_NAMES: Final = re.compile(r"(?i)(^|_)(api_?key|password|secret|authorization|token)$")


def secrets_of(settings: BaseSettings) -> list[str]:
    """Return every secret that the settings hold."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    return [one.get_secret_value() for one in values if isinstance(one, SecretStr)]


def redactor(secrets: Iterable[str] = ()) -> Processor:
    """Make the processor; it comes last, when exceptions are text already."""
    known = sorted({one for one in secrets if len(one) >= SHORTEST}, key=len, reverse=True)

    def redact(_logger: Any, _method: str, line: EventDict) -> EventDict:
        return {name: _clean_field(name, value, known) for name, value in line.items()}

    return redact


def _clean_field(name: str, value: Any, known: list[str]) -> Any:
    if _NAMES.search(name) and value:
        return HIDDEN
    return _clean(value, known)


def _clean(value: Any, known: list[str]) -> Any:
    if isinstance(value, str):
        return _clean_text(value, known)
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return {name: _clean_field(str(name), one, known) for name, one in fields.items()}
    if isinstance(value, list | tuple):
        return [_clean(one, known) for one in cast("list[Any]", value)]
    return value


def _clean_text(text: str, known: list[str]) -> str:
    for secret in known:
        text = text.replace(secret, HIDDEN)
    for pattern, said in _PATTERNS:
        text = pattern.sub(said, text)
    return text
