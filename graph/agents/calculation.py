"""Computes, and shows the working; numbers out of documents keep their citations."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

from graph.agents.arithmetic import PRINTED, evaluate, shown
from graph.agents.found_numbers import Found, by_name, found_numbers
from graph.agents.step_results import missing_inputs, step_result
from graph.agents.unit_conversion import conversion_in
from graph.ports import AgentTask
from graph.state import Claim, StepResult

_N: Final = r"\d[\d,]*(?:\.\d+)?"
_SIGN: Final = r"[$€£]?\s*"
_NOT_SAID: Final = "Numbers were found, but the question does not say what to compute with them."
_NO_NUMBERS: Final = (
    "There is nothing to compute: the question has no expression, and the steps before this one "
    "found no numbers."
)
_WORDS: Final = (
    (r"\b(?:plus|added to)\b", "+"),
    (r"\b(?:minus|less(?!\s+than))\b", "-"),
    (r"\b(?:times|multiplied by)\b", "*"),
    (r"\b(?:divided by|over)\b", "/"),
    (r"\bto the power of\b", "**"),
    (r"\bsquared\b", "** 2"),
    (r"\bcubed\b", "** 3"),
    (r"\bper ?cent\b", "%"),
    # What is added to or taken off a number, put behind it: "20 % off 80" is 80 - 20 %.
    (rf"\badd\w*\s+({_N})\s*%\s+(?:on\s+)?to\s+{_SIGN}({_N})", r"\2 + \1 %"),
    (
        rf"({_N})\s*%\s+(?:off|less\s+than|discount\s+(?:on|from))\s+(?:of\s+)?{_SIGN}({_N})",
        r"\2 - \1 %",
    ),
    (rf"\b(?:take|subtract|deduct)\w*\s+({_N})\s*%\s+from\s+{_SIGN}({_N})", r"\2 - \1 %"),
    (rf"\b(?:increase|raise)[sd]?\s+{_SIGN}({_N})\s+by\s+({_N})\s*%", r"\1 + \2 %"),
    (rf"\b(?:reduce|decrease|lower|cut)[sd]?\s+{_SIGN}({_N})\s+by\s+({_N})\s*%", r"\1 - \2 %"),
    (r"\b(?:the )?square root of\s+(\d[\d.,]*)", r"sqrt(\1)"),
)
_LIST: Final = re.compile(
    r"\b(mean|average|median|sum|total|min(?:imum)?|max(?:imum)?|largest|smallest)\b(?:\s+of)?:?\s+"
    r"((?:-?\d[\d.]*(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s+)?){2,})",
    re.IGNORECASE,
)
_EXPRESSION: Final = re.compile(
    # Not out of the middle of a word: of "1e3 + 5" the end alone would be wrong.
    r"(?<![\w.])(?:sqrt\s*\(|round\s*\(|[(\d.+-])"
    r"(?:[\d\s.,+\-*/%()]|\bof\b|\bx\b|(?<=\d)x(?=\d)|sqrt\s*\()*[\d)%](?!\w)"
)
_OPERATION: Final = re.compile(r"[\d)%]\s*(?:[+\-*/]|%\s*of|x\s*\d)|sqrt")
_DATES: Final = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b.*?\b(\d{4}-\d{2}-\d{2})\b", re.DOTALL)
# What to do with numbers that earlier steps found, by the words of the question.
_JOINS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        (r"\b(?:mean|average)\b", "mean"),
        (r"\bmedian\b", "median"),
        (r"\b(?:difference|gap|longer|shorter|more than|less than|fewer|between)\b", "difference"),
        (r"\b(?:ratio|times as)\b", "ratio"),
        (r"\b(?:min(?:imum)?|smallest|lowest|shortest|least)\b", "min"),
        (r"\b(?:max(?:imum)?|largest|highest|longest|most)\b", "max"),
        (r"\b(?:product|multipl\w+)\b", "product"),
        (r"\b(?:sum|total|altogether|together|add\w*|combined|in all)\b", "sum"),
    )
)


@dataclass(frozen=True)
class Calculation:
    """Safe arithmetic: what cannot be parsed as numbers and operators is refused."""

    async def __call__(self, task: AgentTask) -> StepResult:
        found = found_numbers(task)
        written = str(task.parameters.get("expression") or "")
        if written:
            return _result(task, written, evaluate(written, by_name(found)), _used(written, found))
        plain = _dates(task) or _conversion(task)
        if plain:
            return plain
        expressions = expressions_in(task.question)
        if len(expressions) > 1:
            return _several(task, expressions)
        if expressions:
            return _result(task, expressions[0], evaluate(expressions[0]), [])
        join = next((name for pattern, name in _JOINS if pattern.search(task.question)), "")
        if len(found) == 1 and join:
            # One number is its own sum; the sentence that says it is the answer.
            return step_result(task, "done", "", data={"value": float(found[0].value)})
        if found and join:
            return _joined(task, found, join)
        why = _NOT_SAID if found else _NO_NUMBERS
        return step_result(task, "nothing_found", why, data={"missing": missing_inputs(task)})


def expressions_in(question: str) -> list[str]:
    """Return the arithmetic that a question asks for, each piece by itself."""
    text = question.translate(PRINTED)
    for pattern, operator in _WORDS:
        text = re.sub(pattern, operator, text, flags=re.IGNORECASE)
    listed = _LIST.search(text)
    if listed:
        name = {"total": "sum", "minimum": "min", "maximum": "max", "largest": "max",
                "smallest": "min"}.get(listed[1].lower(), listed[1].lower())  # fmt: skip
        values = ", ".join(re.findall(r"-?\d+(?:\.\d+)?", listed[2]))
        return [f"{name}({values})"]
    candidates = [one[0].strip() for one in _EXPRESSION.finditer(text)]
    sound = [one for one in candidates if _OPERATION.search(one) and not _is_date(one)]
    return list(dict.fromkeys(sound))


def _is_date(text: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d{2}(?:-\d{2})?", text))


def _result(task: AgentTask, expression: str, value: Fraction, used: Sequence[Found]) -> StepResult:
    working = " ".join(expression.split())
    for one in used:
        working = re.sub(rf"\b{re.escape(one.name)}\b", shown(one.value), working)
    return _said(task, f"{working} = {shown(value)}", value, used)


def _several(task: AgentTask, expressions: Sequence[str]) -> StepResult:
    each = [_result(task, one, evaluate(one), []) for one in expressions]
    text = "\n".join(one["text"] for one in each)
    return step_result(task, "done", text, data={"values": [one["data"] for one in each]})


def _said(task: AgentTask, text: str, value: Fraction, used: Sequence[Found]) -> StepResult:
    quotes = [quote for one in used for quote in one.claim["quotes"]]
    claims: list[Claim] = [{"text": text, "quotes": quotes, "by": "calculation"}] if quotes else []
    data: dict[str, Any] = {
        "value": float(value),
        "exact": str(value),
        "working": text,
        "from": [{"name": one.name, "value": shown(one.value)} for one in used],
        "missing": missing_inputs(task),
    }
    return step_result(task, "done", text, claims=claims, data=data)


def _joined(task: AgentTask, found: Sequence[Found], name: str) -> StepResult:
    numbers_shown = [shown(one.value) for one in found]
    if name in {"difference", "ratio", "product"}:
        used = found if name == "product" else found[:2]
        sign = {"difference": " - ", "ratio": " / ", "product": " * "}[name]
        expression = sign.join(shown(one.value) for one in used)
        value = evaluate(expression)
        return _said(task, f"{expression} = {shown(value)}", value, used)
    expression = f"{name}({', '.join(numbers_shown)})"
    value = evaluate(expression)
    return _said(task, f"{expression} = {shown(value)}", value, found)


def _used(expression: str, found: Sequence[Found]) -> list[Found]:
    words = set(re.findall(r"[A-Za-z_]\w*", expression))
    return [
        Found(name, one.value, one.claim)
        for one in found
        for name in (one.name, one.name.removesuffix("_1"))
        if name in words
    ]


def _conversion(task: AgentTask) -> StepResult | None:
    asked = conversion_in(task.question)
    if asked is None:
        return None
    text = f"{shown(asked.amount)} {asked.unit} = {shown(asked.value)} {asked.target}"
    return _said(task, text, asked.value, [])


def _dates(task: AgentTask) -> StepResult | None:
    asked = _DATES.search(task.question)
    if asked is None:
        return None
    try:
        first, last = (date.fromisoformat(one) for one in asked.groups())
    except ValueError:
        return None
    days = (last - first).days
    return _said(task, f"From {first} to {last}: {days} days", Fraction(days), [])
