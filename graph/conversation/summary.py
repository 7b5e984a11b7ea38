"""Long talks made short: what was asked, and the first words of what was answered."""

from collections.abc import Sequence
from typing import Final

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

LONGEST_SUMMARY: Final = 4_000
_QUESTION: Final = 200
_ANSWER: Final = 240


def summarised(earlier: str, messages: Sequence[AnyMessage]) -> str:
    """Add messages to a summary; when it grows too long, the oldest lines go."""
    lines = earlier.splitlines()
    for one in messages:
        if isinstance(one, HumanMessage):
            lines.append(f"- asked: {_short(one.text, _QUESTION)}")
        elif isinstance(one, AIMessage):
            lines.append(f"  answered: {_short(one.text, _ANSWER)}")
    while lines and sum(len(one) + 1 for one in lines) > LONGEST_SUMMARY:
        lines.pop(0)
    return "\n".join(lines)


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most].rsplit(' ', 1)[0]} …"
