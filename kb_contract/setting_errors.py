"""One way to say that a setting is wrong: its name, its value, and what is allowed."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from pydantic import SecretStr, ValidationError

from kb_contract.errors import BadSetting

Settings = TypeVar("Settings")
# A password that was put into an address by mistake must not end in a log.
_NAME_IN_ADDRESS: Final = re.compile(r"//[^/@\s]*@")


def load(make: Callable[[], Settings]) -> Settings:
    """Make settings, or say which are wrong."""
    try:
        return make()
    except ValidationError as error:
        found = [_finding(dict(one)) for one in error.errors()]
        raise BadSetting("; ".join(found), where="settings", cure="see .env.example") from error


def required(name: str, value: str) -> str:
    """Return a setting that is asked for when it is first used, or say that it is not set."""
    if not value:
        raise BadSetting(
            f"{name} is not set", where="settings",
            cure="set it, or run `kb up` and then the program as `kb dagster exec -- PROGRAM`; see .env.example",
        )  # fmt: skip
    return value


def _finding(error: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in error["loc"]).upper()
    if error["type"] == "missing":
        return f"{name} is not set"
    return f"{name}={_shown(error['input'])}: {error['msg']}"


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "***"
    return _NAME_IN_ADDRESS.sub("//***@", repr(value))[:80]
