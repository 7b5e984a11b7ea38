"""The words of a DOCX's paragraphs and tables, and what their styles mean."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dagster_kb.readers.raised_words import END, LOWERED, RAISED, on_one_line
from dagster_kb.readers.symbol_fonts import symbol_of, words_in_font
from dagster_kb.readers.word_hidden import W, hidden_styles, is_hidden, is_kept
from dagster_kb.readers.word_math import MATH_RUN, MATH_TEXT, brackets_of
from dagster_kb.readers.word_styles import (
    Style,
    list_depth,
    named_level,
    outline_level,
    styles_of,
)

_MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_WIDEST: Final = 100
_RUNS: Final = frozenset({f"{W}r", MATH_RUN})
_SCRIPTS: Final = {"superscript": RAISED, "subscript": LOWERED}
_BREAKS: Final = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
# What was deleted or moved away, the same drawing for older programs, and boxes of their own.
_LEFT_OUT: Final = frozenset(
    {f"{W}del", f"{W}moveFrom", f"{_MC}Fallback", f"{W}txbxContent", f"{W}pPr", f"{W}instrText"}
)


@dataclass(frozen=True)
class Words:
    """Reads paragraphs of one document."""

    styles: Mapping[str, Style]
    hidden: frozenset[str]
    """Styles whose words nobody is shown."""

    @classmethod
    def of(cls, document: Any) -> "Words":
        """Look every style up once."""
        elements = {one.style_id: one.element for one in document.styles if one.style_id}
        return cls(styles_of(elements), hidden_styles(elements))

    def of_paragraph(self, node: Any) -> str:
        return on_one_line("".join(_words(node, self.hidden)))

    def style(self, node: Any) -> Style:
        """Return what a paragraph's style makes of it."""
        said = node.find(f"{W}pPr/{W}pStyle")
        return self.styles.get(said.get(f"{W}val") if said is not None else "", Style())

    def heading_level(self, node: Any, style: Style) -> int:
        """Return 1 to 9 for a heading, else 0."""
        return named_level(style.name) or outline_level(node, style.level)

    def list_depth(self, node: Any, style: Style) -> int | None:
        """Tell how deep a list item lies; None for what is no item."""
        return list_depth(node, style.depth)

    def boxes(self, node: Any) -> Iterator[str]:
        for box in node.iter(f"{W}txbxContent"):
            if not any(above.tag == f"{_MC}Fallback" for above in box.iterancestors()):
                yield "\n".join(self.of_paragraph(one) for one in box.iter(f"{W}p"))

    def rows(self, table: Any) -> list[list[str]]:
        """Say a cell in every row that it reaches over, so that each value stands below its name."""
        found: list[list[str]] = []
        for row in table.iter(f"{W}tr"):
            if _table_of(row) is table and is_kept(row):
                cells = [one for one in row.iter(f"{W}tc") if _row_of(one) is row]
                above = found[-1] if found else []
                found.append(self._row(cells, above, names=not found and len(cells) > 1))
        return found

    def _row(self, cells: Sequence[Any], above: Sequence[str], *, names: bool) -> list[str]:
        said: list[str] = []
        for cell in cells:
            gone = cell.find(f"{W}tcPr/{W}cellDel") is not None
            words = " ".join(self.of_paragraph(one) for one in cell.iter(f"{W}p") if not gone)
            merged = cell.find(f"{W}tcPr/{W}vMerge")
            if merged is not None and merged.get(f"{W}val") != "restart":
                words = above[len(said)] if len(said) < len(above) else ""
            span = cell.find(f"{W}tcPr/{W}gridSpan")
            wide = span.get(f"{W}val", "1") if span is not None else "1"
            further = min(int(wide), _WIDEST) - 1 if wide.isascii() and wide.isdigit() else 0
            # A name over two columns is the name of both; a remark is said once.
            said += [words, *[words if names else ""] * further]
        return said

    def footnotes(self, document: Any) -> Iterator[str]:
        """Say the notes that stand below pages or at the end."""
        for relation in document.part.rels.values():
            if relation.is_external or not relation.reltype.endswith(("/footnotes", "/endnotes")):
                continue
            from docx.oxml import parse_xml  # noqa: PLC0415 (as the whole library)

            # This parser resolves no entities and opens no network.
            notes: Iterator[Any] = iter(parse_xml(relation.target_part.blob))
            for note in notes:
                words = " ".join(self.of_paragraph(note).split())
                if words and note.get(f"{W}type") in (None, "normal"):
                    yield f"[{note.get(f'{W}id')}] {words}"


def _words(parent: Any, hidden: frozenset[str]) -> Iterator[str]:
    """Walk without recursion: what was made by hand may nest without end."""
    stack: list[Iterator[Any]] = [iter(parent)]
    while stack:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
        elif isinstance(node, str):
            yield node
        elif (said := _said(node)) is not None:
            yield said
        elif node.tag not in _LEFT_OUT and not (node.tag in _RUNS and is_hidden(node, hidden)):
            before, behind = _script_of(node) if node.tag == f"{W}r" else brackets_of(node)
            yield before
            stack.append(iter([*node, behind]))


def _script_of(run: Any) -> tuple[str, str]:
    said = run.find(f"{W}rPr/{W}vertAlign")
    mark = _SCRIPTS.get(said.get(f"{W}val"), "") if said is not None else ""
    return mark, END if mark else ""


def _said(node: Any) -> str | None:
    """Say what is words by itself; None for what holds others."""
    if node.tag == MATH_TEXT:
        return node.text or ""
    if node.tag == f"{W}t":
        return words_in_font(node)
    if node.tag == f"{W}sym":
        return symbol_of(node)
    if node.tag == f"{W}footnoteReference":
        return f"[{node.get(f'{W}id')}]"
    return _BREAKS.get(node.tag)


def _table_of(row: Any) -> Any:
    return next(row.iterancestors(f"{W}tbl"), None)


def _row_of(cell: Any) -> Any:
    return next(cell.iterancestors(f"{W}tr"), None)
