"""An account that nobody can read costs no answer: what it says wrongly is left out, and counted here."""

from collections.abc import Mapping
from functools import wraps
from typing import Any, Final

_COUNTS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")


def lenient(made: Any) -> Any:
    """Wrap the maker of the library's accounts, which refuses fractions and with them the whole answer."""

    @wraps(made)
    def make(account: Any, *args: Any, **said: Any) -> None:
        try:
            made(account, *args, **said)
        except (TypeError, ValueError, AttributeError):
            made(account, **_readable(said))

    return make


def _readable(said: Mapping[str, Any]) -> dict[str, int]:
    """Keep whole numbers; a count that is missing is never believed."""
    return {name: said[name] for name in _COUNTS if type(said.get(name)) is int}
