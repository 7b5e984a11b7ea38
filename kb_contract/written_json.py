"""JSON that a chat model was asked for: out of its fence, and of the form that was asked for or with what is wrong."""

from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError

Form = TypeVar("Form", bound=BaseModel)


def unfenced(text: str) -> str:
    """Models put JSON between fences whatever they are told."""
    return text.strip().removeprefix("```json").removeprefix("```").removesuffix("```")


def read_json(form: type[Form], text: str) -> Form:
    """Read it, or raise `ValidationError`."""
    return form.model_validate_json(unfenced(text))


def problem_in(form: type[BaseModel], text: str) -> str:
    """Say what is wrong with it, for the model to mend; nothing: it is as it was asked for."""
    try:
        read_json(form, text)
    except ValidationError as error:
        return problem_of(form, error)
    return ""


def problem_of(form: type[BaseModel], error: ValidationError) -> str:
    """Say the first thing that is wrong; names that a model made up are its words, and not repeated."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    ours = set(_names(form))
    place = ".".join(str(one) for one in first["loc"] if isinstance(one, int) or one in ours)
    return f"it is not the JSON that was asked for ({place or 'the answer'}: {first['msg'][:200]})"


def _names(form: type[BaseModel]) -> Iterator[str]:
    schema = form.model_json_schema()
    for one in (schema, *schema.get("$defs", {}).values()):
        yield from one.get("properties", {})
