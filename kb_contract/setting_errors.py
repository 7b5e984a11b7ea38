"""One way to say that a setting is wrong: its name, its value, and what is allowed."""

from collections.abc import Callable
from typing import TypeVar

from pydantic import SecretStr, ValidationError

from kb_contract.errors import BadSetting

Settings = TypeVar("Settings")


def load(make: Callable[[], Settings]) -> Settings:
    """Make settings, or say which are wrong."""
    try:
        return make()
    except ValidationError as error:
        found = [
            f"{'.'.join(str(part) for part in one['loc']).upper()}={_shown(one['input'])}: {one['msg']}"
            for one in error.errors()
        ]
        raise BadSetting("; ".join(found), where="settings", cure="see .env.example") from error


def _shown(value: object) -> str:
    return "***" if isinstance(value, SecretStr) else repr(value)[:80]
