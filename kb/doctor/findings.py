"""One line of `kb doctor`."""

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and what to do when it is not well."""

    about: str
    level: Literal["ok", "warning", "wrong"]
    says: str
    cure: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it for `--json`."""
        return asdict(self)


def ok(about: str, says: str) -> Finding:
    """All is well."""
    return Finding(about, "ok", says)


def warning(about: str, says: str, cure: str) -> Finding:
    """It works, but."""
    return Finding(about, "warning", says, cure)


def wrong(about: str, says: str, cure: str) -> Finding:
    """It does not work."""
    return Finding(about, "wrong", says, cure)
