"""One way to say that a setting is wrong: its name, its value, and what is allowed."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import SecretStr, ValidationError

from kb_contract.errors import BadSetting

Settings = TypeVar("Settings")


def load(make: Callable[[], Settings]) -> Settings:
    """Make settings, or say which are wrong."""
    try:
        return make()
    except ValidationError as error:
        found = [_finding(dict(one)) for one in error.errors()]
        raise BadSetting("; ".join(found), where="settings", cure="see .env.example") from error


def _finding(error: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in error["loc"]).upper()
    if error["type"] == "missing":
        return f"{name} is not set"
    return f"{name}={_shown(error['input'])}: {error['msg']}"


def _shown(value: object) -> str:
    return "***" if isinstance(value, SecretStr) else repr(value)[:80]
