"""What a DOCX holds and shows to nobody: hidden words, and rows that were deleted while changes were tracked."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_OFF: Final = frozenset({"0", "false", "off"})


def hidden_styles(styles: Mapping[str, Any]) -> frozenset[str]:
    """Find the styles that hide words, by themselves or by what they are based on."""
    return frozenset(name for name in styles if _hides(name, styles))


def lineage(name: str, styles: Mapping[str, Any]) -> Iterator[Any]:
    """Give a style, what it is based on, and so on; a circle ends where it closes."""
    seen: set[str] = set()
    while name in styles and name not in seen:
        seen.add(name)
        yield styles[name]
        base = styles[name].find(f"{W}basedOn")
        name = base.get(f"{W}val") if base is not None else ""


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
    return hidden is None or hidden.get(f"{W}val") in _OFF


def _hides(name: str, styles: Mapping[str, Any]) -> bool:
    said = (_vanishes(one.find(f"{W}rPr")) for one in lineage(name, styles))
    return next((own for own in said if own is not None), False)


def _vanishes(properties: Any) -> bool | None:
    said = properties.find(f"{W}vanish") if properties is not None else None
    return None if said is None else said.get(f"{W}val") not in _OFF
