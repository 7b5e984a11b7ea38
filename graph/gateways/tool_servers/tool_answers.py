"""What a tool gives back, as bounded data: nothing in it is an instruction to anybody."""

import json
from typing import Any, Final

from graph.ports import ToolAnswer
from kb_contract.errors import BadInput
from kb_contract.text_border import clean, cut_text

LONGEST_TEXT: Final = 1_000_000
LARGEST_DATA: Final = 20_000


def answer_of(result: Any) -> ToolAnswer:
    """Read a `CallToolResult`: texts are joined, pictures and sounds are only named."""
    parts = [_part(one) for one in result.content]
    text = cut_text("\n".join(part for part in parts if part), at_most=LONGEST_TEXT)
    structured = _bounded(result.structured_content)
    if not text and structured is not None:
        text = json.dumps(structured, ensure_ascii=False)
    return ToolAnswer(text, structured, failed=bool(result.is_error))


def _part(block: Any) -> str:
    kind = str(getattr(block, "type", "unknown"))
    if kind == "text":
        return str(block.text)
    inner = getattr(block, "resource", None)
    if kind == "resource" and isinstance(getattr(inner, "text", None), str):
        return str(inner.text)  # pyright: ignore[reportOptionalMemberAccess]
    place = str(getattr(block, "uri", None) or getattr(block, "mime_type", None) or "")[:200]
    return f"[{kind} {place} is not shown]"


def _bounded(value: Any) -> Any:
    """Keep data that JSON can say in little room; its text says the rest."""
    if value is None:
        return None
    try:
        cleaned = clean(value)
        fits = len(json.dumps(cleaned, allow_nan=False)) <= LARGEST_DATA
    except (BadInput, ValueError, TypeError, RecursionError):
        return None
    return cleaned if fits else None
