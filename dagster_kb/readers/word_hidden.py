"""What a DOCX holds and shows to nobody: hidden words, and rows that were deleted while changes were tracked."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_Found = TypeVar("_Found")
OFF: Final = frozenset({"0", "false", "off"})


def hidden_styles(styles: Mapping[str, Any]) -> frozenset[str]:
    """Find the styles that hide words, by themselves or by what they are based on."""
    hides = looked_up(styles, otherwise=False, based_on=_hides)
    return frozenset(name for name in hides if hides[name])


def looked_up(
    styles: Mapping[str, Any], otherwise: _Found, based_on: Callable[[_Found, Any], _Found]
) -> dict[str, _Found]:
    """Look every style up once, after the one that it is based on; a circle ends where it closes."""
    known: dict[str, _Found] = {}
    for name in styles:
        ahead: dict[str, Any] = {}
        at = name
        while at in styles and at not in known and at not in ahead:
            ahead[at] = styles[at]
            base = styles[at].find(f"{W}basedOn")
            at = base.get(f"{W}val") if base is not None else ""
        found = known.get(at, otherwise)
        for one in reversed(ahead):
            found = known[one] = based_on(found, ahead[one])
    return known


def is_hidden(run: Any, hidden: frozenset[str]) -> bool:
    """Tell whether a run is hidden: its own word counts before those of its styles."""
    said = run.find(f"{W}rPr")
    own = _vanishes(said)
    if own is not None:
        return own
    if not hidden:
        return False
    named = [said.find(f"{W}rStyle")] if said is not None else []
    above = next(run.iterancestors(f"{W}p"), None)
    named += [above.find(f"{W}pPr/{W}pStyle")] if above is not None else []
    return any(one is not None and one.get(f"{W}val") in hidden for one in named)


def is_kept(row: Any) -> bool:
    """Tell a row of a table from one that was deleted or is hidden."""
    if row.find(f"{W}trPr/{W}del") is not None:
        return False
    hidden = row.find(f"{W}trPr/{W}hidden")
    return hidden is None or hidden.get(f"{W}val") in OFF


def _hides(base: bool, style: Any) -> bool:  # noqa: FBT001 - what its base does
    own = _vanishes(style.find(f"{W}rPr"))
    return base if own is None else own


def _vanishes(properties: Any) -> bool | None:
    said = properties.find(f"{W}vanish") if properties is not None else None
    return None if said is None else said.get(f"{W}val") not in OFF
