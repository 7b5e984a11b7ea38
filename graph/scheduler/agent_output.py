"""Looks at what an agent gave back: typed and bounded, mended once at most, or refused."""

import json
import math
from collections.abc import Mapping
from typing import Any, Final, cast

from pydantic import TypeAdapter, ValidationError

from graph.planning.workflow_plan import WorkflowStep
from graph.scheduler.step_results import MAX_TEXT, plain_result
from graph.state import Claim, StepResult
from kb_contract.errors import BadInput
from kb_contract.text_border import clean, cut_text

MOST_CLAIMS: Final = 200
MOST_PASSAGES: Final = 200
MOST_USAGE: Final = 100
MOST_QUOTES: Final = 50
LONGEST_CLAIM: Final = 8_000
LARGEST_DATA: Final = 200_000
_SHAPE: Final = TypeAdapter(StepResult)
# Only the scheduler knows of the others.
_OWN_STATUSES: Final = frozenset({"done", "nothing_found", "failed"})
_ITEMS: Final = frozenset({"claims", "passages", "usage"})
_CURE: Final = "mend the agent: it must give back a text or the parts of a step's result"


def checked(step: WorkflowStep, written: Any) -> StepResult:
    """Return a result that can be kept, or say what an agent gave back instead of one."""
    whole = _whole(step, written)
    try:
        result = _SHAPE.validate_python(whole)
    except ValidationError as error:
        result = _mended(step, whole, error)
    if result["status"] not in _OWN_STATUSES:
        raise BadInput(
            f"{step.agent} gave itself the status {result['status']!r}",
            where=f"step {step.step_id}", cure=_CURE,
        )  # fmt: skip
    return _bounded(result)


def _whole(step: WorkflowStep, written: Any) -> dict[str, Any]:
    """Fill in what is left out; a text alone is an answer without citations."""
    if isinstance(written, str):
        written = {"status": "done", "text": written}
    if not isinstance(written, Mapping) or "status" not in written:
        raise BadInput(
            f"{step.agent} gave back {type(cast('object', written)).__name__} without a status",
            where=f"step {step.step_id}", cure=_CURE,
        )  # fmt: skip
    said: dict[str, Any] = clean(_json_alone(cast("Mapping[str, Any]", written)))
    return {**plain_result(step, "done"), **said}


def _json_alone(written: Mapping[str, Any]) -> dict[str, Any]:
    """Replace data that JSON cannot say, or only at great length, by a word about it."""
    kept = {name: one for name, one in written.items() if name in StepResult.__annotations__}
    try:
        small = len(json.dumps(kept.get("data", {}), allow_nan=False)) <= LARGEST_DATA
        why = "" if small else f"it has more than {LARGEST_DATA:,} characters"
    except (TypeError, ValueError, RecursionError) as error:
        why = f"it is no JSON ({type(error).__name__})"
    return {**kept, "data": {"left_out": why}} if why else kept


def _mended(step: WorkflowStep, whole: dict[str, Any], error: ValidationError) -> StepResult:
    """Drop the items and the parts that are wrong; text and status must be right."""
    blank = cast("dict[str, Any]", plain_result(step, "done"))
    mended = dict(whole)
    for name in {str(one["loc"][0]) for one in error.errors(include_input=False) if one["loc"]}:
        wrong = {
            one["loc"][1]
            for one in error.errors(include_input=False)
            if one["loc"][:1] == (name,) and len(one["loc"]) > 1
        }
        if name in _ITEMS and isinstance(whole[name], list) and wrong:
            items = cast("list[Any]", whole[name])
            mended[name] = [one for at, one in enumerate(items) if at not in wrong]
        elif name not in {"status", "text"}:
            mended[name] = blank[name]
    try:
        return _SHAPE.validate_python(mended)
    except ValidationError as still:
        first = still.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise BadInput(
            f"{step.agent} gave back no result: {place}: {first['msg']}",
            where=f"step {step.step_id}", cure=_CURE,
        ) from still  # fmt: skip


def _bounded(result: StepResult) -> StepResult:
    result["text"] = cut_text(result["text"], at_most=MAX_TEXT)
    result["claims"] = [_claim(one) for one in result["claims"][:MOST_CLAIMS]]
    passages = [one for one in result["passages"] if math.isfinite(one["score"])]
    result["passages"] = passages[:MOST_PASSAGES]
    # Money is only ever added up, so what is no sum of money is none.
    paid = [one for one in result["usage"] if math.isfinite(one["cost"]) and one["cost"] >= 0]
    result["usage"] = paid[:MOST_USAGE]
    return result


def _claim(claim: Claim) -> Claim:
    text = cut_text(claim["text"], at_most=LONGEST_CLAIM)
    return {"text": text, "quotes": claim["quotes"][:MOST_QUOTES]}
