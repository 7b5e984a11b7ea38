"""Takes secrets out of log lines and spans: those that are kept nowhere, and whatever else looks like one."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from structlog.typing import EventDict, Processor

from kb_contract.kept_secrets import HIDDEN, KeptSecrets

# In a question these can be honest words; in a log nobody misses them.
_SPOKEN: Final = (
    (re.compile(r"(/approvals/links/)[A-Za-z0-9_-]{43}"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(\w+://[^\s:/@]*):[^\s@/]+@"), rf"\1:{HIDDEN}@"),
)
_NAMES: Final = re.compile(r"(?i)(^|_)(api_?key|password|secret|authorization|token)$")


def redactor(secrets: Iterable[str] = ()) -> Processor:
    """Make the processor; it comes last, when exceptions are text already."""
    known = KeptSecrets.of(secrets)

    def redact(_logger: Any, _method: str, line: EventDict) -> EventDict:
        return redacted(line, known)

    return redact


def redacted(fields: Mapping[str, Any], known: KeptSecrets) -> dict[str, Any]:
    """Fields without secrets in their values, nor values under names of secrets."""
    return {name: _clean_field(name, value, known) for name, value in fields.items()}


def redacted_text(text: str, known: KeptSecrets) -> str:
    """A text without them, and without what only looks like one."""
    text = known.text(text)
    for pattern, said in _SPOKEN:
        text = pattern.sub(said, text)
    return text


def _clean_field(name: str, value: Any, known: KeptSecrets) -> Any:
    if _NAMES.search(name) and value:
        return HIDDEN
    return _clean(value, known)


def _clean(value: Any, known: KeptSecrets) -> Any:
    if isinstance(value, str):
        return redacted_text(value, known)
    if isinstance(value, Mapping):
        return redacted(cast("Mapping[str, Any]", value), known)
    if isinstance(value, list | tuple):
        return [_clean(one, known) for one in cast("list[Any]", value)]
    return value
