"""Answers of people, in every form that inboxes send, checked against what was shown."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from graph.approval_requests.argument_schema import wrong_arguments
from graph.approval_requests.shown_action import ShownAction
from kb_contract.errors import BadInput
from kb_contract.identifiers import sha256_json
from kb_contract.text_border import clean

DecisionType = Literal["approve", "edit", "reject", "respond"]
ALLOWED: Final[tuple[DecisionType, ...]] = ("approve", "edit", "reject", "respond")
# How inboxes before HITLRequest said the same.
_OLD_WORDS: Final = {"accept": "approve", "ignore": "reject", "response": "respond"}
_CURE: Final = (
    'answer {"decisions": [{"type": "approve"}]}, or edit with edited_action {name, args}, '
    "reject with a message, or respond with a message"
)


class StepArguments(BaseModel):
    """What a step works with; in an edit, what is left out stays as it was shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str | None = Field(default=None, min_length=1, max_length=20_000)
    parameters: dict[str, Any] | None = None


class EditedAction(BaseModel):
    """An action as the person wants it."""

    model_config = ConfigDict(frozen=True)

    name: str
    args: StepArguments


class Decision(BaseModel):
    """What one person decided about one action."""

    model_config = ConfigDict(frozen=True)

    type: DecisionType
    edited_action: EditedAction | None = None
    message: str | None = Field(default=None, max_length=20_000)
    knowledge: Literal["as_pinned", "refresh"] = "as_pinned"
    """Whether to go on with the passages that were shown, or to look again at what is live now."""

    @model_validator(mode="after")
    def _is_whole(self) -> "Decision":
        if self.type == "edit" and self.edited_action is None:
            raise ValueError("an edit needs edited_action with name and args")
        # Else it would be done with other arguments, under the digest of those that were shown.
        if self.type != "edit" and self.edited_action is not None:
            raise ValueError(
                f"{self.type} takes no edited_action; to change something, send an edit"
            )
        if self.type == "respond" and not self.message:
            raise ValueError("a response needs a message")
        return self


class ApprovalAnswer(BaseModel):
    """The answer to one request: one decision, in whichever form it came."""

    model_config = ConfigDict(frozen=True)

    decisions: tuple[Decision] = Field(description="one decision for the one action")
    digest: str | None = Field(default=None, description="of the request that is answered")
    decided_by: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_any_form(cls, value: Any) -> Any:
        read: dict[str, Any] = {
            "decisions": [_decision(one) for one in _decisions(clean(value))],
        }
        if isinstance(value, Mapping) and "decisions" in value:
            said = cast("Mapping[str, Any]", value)
            read |= {name: said.get(name) for name in ("digest", "decided_by")}
        return read


def answer_schema(shown: ShownAction) -> type[ApprovalAnswer]:
    """Type of an answer about this action, for LangGraph to validate a resume with."""

    def about_this_action(answer: ApprovalAnswer) -> ApprovalAnswer:
        if answer.digest is not None and answer.digest != shown.digest:
            raise ValueError("this answers something other than what is asked now")
        edited = answer.decisions[0].edited_action
        if edited is not None and edited.name != shown.name:
            raise ValueError(f"the action is {shown.name!r} and cannot become {edited.name!r}")
        if edited is not None:
            _check_arguments(edited_arguments(shown, answer.decisions[0]), shown)
        return answer

    return cast(
        "type[ApprovalAnswer]", Annotated[ApprovalAnswer, AfterValidator(about_this_action)]
    )


def read_answer(value: Any, shown: ShownAction) -> Decision:
    """Read an answer in any known form, or say what is wrong with it."""
    try:
        return TypeAdapter(answer_schema(shown)).validate_python(value).decisions[0]
    except ValidationError as error:
        found = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'answer'}: {one['msg']}" for one in error.errors()
        )
        raise BadInput(found, where=f"the approval of {shown.name}", cure=_CURE) from error


def edited_arguments(shown: ShownAction, decision: Decision) -> dict[str, Any]:
    """Arguments that will really be used: those that were shown, with the person's in their place."""
    edited = decision.edited_action
    changed = edited.args.model_dump(exclude_none=True) if edited else {}
    return {**shown.args, **changed}


def decided_digest(shown: ShownAction, decision: Decision) -> str:
    """Digest of what may be done after the decision: an edit is bound anew, to its own arguments."""
    if decision.type != "edit":
        return shown.digest
    return sha256_json({"shown": shown.digest, "args": edited_arguments(shown, decision)})


def _check_arguments(arguments: Mapping[str, Any], shown: ShownAction) -> None:
    wrong = wrong_arguments(arguments, shown.schema)
    if wrong:
        raise ValueError(f"args do not fit args_schema: {'; '.join(wrong)}")


def _decisions(answer: Any) -> list[Any]:
    value: Any = answer
    if isinstance(answer, Mapping) and "decisions" in answer:
        value = cast("Mapping[str, Any]", answer)["decisions"]
    found: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [value]
    if len(found) != 1:
        raise ValueError(f"one action was shown, so one decision is needed, not {len(found)}")
    return found


def _decision(value: Any) -> dict[str, Any]:
    if value is True:
        return {"type": "approve"}
    if isinstance(value, str) and value.lower() in {*ALLOWED, *_OLD_WORDS}:
        return {"type": _OLD_WORDS.get(value.lower(), value.lower())}
    if not isinstance(value, Mapping) or "type" not in value:
        raise ValueError(f"{str(cast('object', value))[:60]!r} is no decision; {_CURE}")
    said = dict(cast("Mapping[str, Any]", value))
    said["type"] = _OLD_WORDS.get(str(said["type"]), said["type"])
    return _from_old_form(said) if "args" in said else said


def _from_old_form(said: dict[str, Any]) -> dict[str, Any]:
    """`args` of the old inbox is a text for a response, and {action, args} for an edit."""
    args = said.pop("args")
    if said["type"] in {"respond", "reject"} and isinstance(args, str):
        return {"message": args, **said}
    if said["type"] == "edit" and isinstance(args, Mapping):
        edit = cast("Mapping[str, Any]", args)
        return {"edited_action": {"name": edit.get("action"), "args": edit.get("args")}, **said}
    return said
