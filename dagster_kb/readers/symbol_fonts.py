"""Signs that a document names by their place in a font of symbols, as the characters that they show."""

from collections.abc import Mapping
from typing import Any, Final

from dagster_kb.readers.word_hidden import W

# Word keeps them in an area for private use.
_PRIVATE: Final = 0xF000
_SYMBOL: Final[Mapping[int, str]] = {
    0x22: "∀", 0x24: "∃", 0x27: "∋", 0x40: "≅", 0x5C: "∴", 0x5E: "⊥", 0xA2: "′", 0xA3: "≤",  # noqa: RUF001 - documents hold these signs
    0xA5: "∞", 0xAB: "↔", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±", 0xB2: "″",
    0xB3: "≥", 0xB4: "×", 0xB5: "∝", 0xB6: "∂", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBA: "≡", 0xBB: "≈",  # noqa: RUF001 - documents hold these signs
    0xBC: "…", 0xC5: "⊕", 0xC6: "∅", 0xC7: "∩", 0xC8: "∪", 0xC9: "⊃", 0xCC: "⊂", 0xCD: "⊆", 0xCE: "∈",  # noqa: RUF001 - documents hold these signs
    0xCF: "∉", 0xD0: "∠", 0xD1: "∇", 0xD2: "®", 0xD3: "©", 0xD4: "™", 0xD5: "∏", 0xD6: "√", 0xD7: "⋅",
    0xD8: "¬", 0xD9: "∧", 0xDA: "∨", 0xDB: "⇔", 0xDC: "⇐", 0xDE: "⇒", 0xE5: "∑", 0xF2: "∫",  # noqa: RUF001 - documents hold these signs
    **dict(zip(range(0x41, 0x5B), "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", strict=True)),
    **dict(zip(range(0x61, 0x7B), "αβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True)),
}  # fmt: skip
_WINGDINGS: Final = {0xA8: "☐", 0x6F: "☐", 0xFE: "☑", 0xFD: "☒", 0xFC: "✓", 0xFB: "✗", 0xE0: "→", 0xDF: "←"}  # fmt: skip
_FONTS: Final[Mapping[str, Mapping[int, str]]] = {"symbol": _SYMBOL, "wingdings": _WINGDINGS}


def symbol_of(node: Any) -> str:
    """Say a sign; one that is only an ornament says nothing."""
    said = node.get(f"{W}char") or ""
    try:
        code = int(said, 16)
    except ValueError:
        return ""
    return _sign(code, _font(node.get(f"{W}font")))


def words_in_font(text: Any) -> str:
    """Say a run's words; those in a font of symbols are the signs that it shows for their letters."""
    words: str = text.text or ""
    fonts = text.getparent().find(f"{W}rPr/{W}rFonts")
    if fonts is None or fonts.get(f"{W}asciiTheme") is not None:
        return words
    known = _font(fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi"))
    return "".join(_sign(ord(one), known) if known and _is_place(one) else one for one in words)


def _font(name: str | None) -> Mapping[int, str]:
    return _FONTS.get((name or "").lower(), {})


def _is_place(character: str) -> bool:
    code = ord(character)
    return not character.isspace() and (code <= 0xFF or _PRIVATE <= code <= _PRIVATE + 0xFF)


def _sign(code: int, known: Mapping[int, str]) -> str:
    place = code - _PRIVATE if code >= _PRIVATE else code
    if place in known:
        return known[place]
    # The digits and the signs of sentences are where they always are.
    if known is _SYMBOL and 0x20 <= place < 0x7F:
        return chr(place)
    return chr(code) if not known and 0xA0 <= code < 0xD800 else ""
