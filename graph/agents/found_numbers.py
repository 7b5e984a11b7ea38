"""Numbers that earlier steps found, each with the claim that it stands in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from graph.citations.claims import numbers
from graph.ports import AgentTask
from graph.state import Claim

_NUMBER: Final = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-]*\d)(?!\.\d)")
# A year says when, not how much.
_YEAR: Final = re.compile(
    r"\b(?:in|since|until|of|from|by|year)\W{1,2}(?:19|20)\d\d\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Found:
    """A number that an earlier step found, and the claim that it stands in."""

    name: str
    value: Fraction
    claim: Claim


def found_numbers(task: AgentTask) -> list[Found]:
    """Return the first number of each step's best claim, or all of them from a single step."""
    asked = numbers(task.question)
    inputs = [
        (step, _about(one["claims"], asked)) for step, one in task.inputs.items() if one["claims"]
    ]
    if len(inputs) == 1:
        step, claims = inputs[0]
        each = [one for claim in claims for one in _first(step, claim, asked)]
        return [replace(one, name=f"{one.name}_{at}") for at, one in enumerate(each, start=1)]
    found: list[Found] = []
    for step, claims in inputs:
        found += [one for claim in claims for one in _first(step, claim, asked)][:1]
    return found


def by_name(found: Sequence[Found]) -> Mapping[str, Fraction]:
    """Return the values; a single step's first number goes by the step's own name too."""
    short = {one.name.removesuffix("_1"): one.value for one in found}
    return {**short, **{one.name: one.value for one in found}}


def _about(claims: Sequence[Claim], asked: set[str]) -> Sequence[Claim]:
    """A claim that repeats a number of the question ("in 2025") is the one that was asked for."""
    return [one for one in claims if numbers(one["text"]) & asked] or claims


def _first(name: str, claim: Claim, asked: set[str]) -> list[Found]:
    """Return the first number that the question did not say itself; of a table, that of its row."""
    lines = claim["text"].splitlines()
    text = "\n".join([one for one in lines if numbers(one) & asked] or lines)
    for found in _NUMBER.findall(_YEAR.sub(" ", text)):
        plain = found.rstrip(",").replace(",", "")
        if numbers(plain) and not numbers(plain) & asked:
            return [Found(name.replace("-", "_"), Fraction(plain), claim)]
    return []
