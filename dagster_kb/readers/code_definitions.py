"""Finds the definitions of a program by its syntax tree, without running any of it."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dagster_kb.readers.code_languages import CONTAINERS, FUNCTIONS
from dagster_kb.readers.parsed_document import one_line
from kb_contract.errors import BadDocument

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Tree

# Classes in classes in namespaces; what is deeper stays in one piece.
_DEEPEST: Final = 8
CPU_SECONDS: Final = 5.0
_PIECE: Final = 64 * 1024
_WRAPPERS: Final = frozenset(
    {
        "export_statement",
        "decorated_definition",
        "template_declaration",
        "ambient_declaration",
        "expression_statement",
    }
)
_BODIES: Final = frozenset(
    {
        "block", "class_body", "declaration_list", "field_declaration_list", "interface_body",
        "body_statement", "statement_block", "template_body", "enum_body", "object_type",
    }
)  # fmt: skip
_TRANSPARENT: Final = frozenset({"linkage_specification", "preproc_ifdef", "preproc_if"})
_ABOVE: Final = frozenset(
    {"comment", "line_comment", "block_comment", "attribute_item", "decorator", "doc_comment"}
)
_NAMES: Final = ("name", "declarator", "type", "pattern", "left")
_WHOLE_NAMES: Final = frozenset({"qualified_identifier", "qualified_name", "scoped_identifier"})
_VALUES: Final = frozenset(
    {"arrow_function", "function_expression", "function", "generator_function", "class"}
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A function, a class and the like, in characters, with what is defined inside."""

    name: str
    start: int
    end: int
    inside: "tuple[Definition, ...]" = ()


def definitions(text: str, parser: "Parser") -> tuple[Definition, ...]:
    """Return the definitions of a program, in order."""
    source = text.encode("utf-8")
    tree = _parsed(source, parser)
    at = _Offsets(text, source)
    return tuple(_in(tree.root_node.children, at, 0))


def _parsed(source: bytes, parser: "Parser") -> "Tree":
    late = time.thread_time() + CPU_SECONDS

    def is_late(_at: int, _has_error: bool) -> bool:  # noqa: FBT001 (as the library calls it)
        return time.thread_time() > late

    try:
        return parser.parse(lambda at, _point: source[at : at + _PIECE], progress_callback=is_late)
    except ValueError as error:
        raise BadDocument(
            f"it takes more than {CPU_SECONDS:.0f} s to find its functions",
            cure="split it, or name it .txt if it is no program",
        ) from error


class _Offsets:
    """From the parser's bytes to characters."""

    def __init__(self, text: str, source: bytes) -> None:
        self._plain = len(text) == len(source)
        self._source = source
        self._known = (0, 0)

    def line_start(self, byte: int) -> int:
        """Go back over the indentation, so that the first line keeps it."""
        start = byte
        while start and self._source[start - 1] in b" \t":
            start -= 1
        return start if not start or self._source[start - 1] in b"\r\n" else byte

    def __call__(self, byte: int) -> int:
        """Asked in rising order, it counts every byte once."""
        if self._plain:
            return byte
        before, characters = self._known if self._known[0] <= byte else (0, 0)
        characters += len(self._source[before:byte].decode("utf-8", "ignore"))
        self._known = (byte, characters)
        return characters


def _in(nodes: Sequence["Node"], at: _Offsets, depth: int) -> Iterator[Definition]:
    above: int | None = None
    last_row = -2
    for node in nodes:
        if node.type in _ABOVE:
            # A comment belongs to what begins on the line after it.
            if above is None or node.start_point.row > last_row + 1:
                above = node.start_byte
            last_row = node.end_point.row
            continue
        begin = above if above is not None and node.start_point.row <= last_row + 1 else None
        above = None
        begin = node.start_byte if begin is None else begin
        yield from _of(node, at.line_start(begin), at, depth)


def _of(node: "Node", begin: int, at: _Offsets, depth: int) -> Iterator[Definition]:
    inner = _unwrapped(node)
    if inner.type in _TRANSPARENT and depth < _DEEPEST:
        yield from _in(_members(inner) or inner.children, at, depth + 1)
    elif inner.type in CONTAINERS:
        start = at(begin)
        inside = tuple(_in(_members(inner), at, depth + 1)) if depth < _DEEPEST else ()
        yield Definition(_name(inner), start, at(node.end_byte), inside)
    elif inner.type in FUNCTIONS or _defines_by_value(inner):
        start = at(begin)
        yield Definition(_name(inner), start, at(node.end_byte))


def _unwrapped(node: "Node") -> "Node":
    """Look through `export`, decorators and templates at what is defined."""
    for _ in range(4):
        if node.type not in _WRAPPERS or not node.named_children:
            return node
        named = [one for one in node.named_children if one.type not in _ABOVE]
        inner = node.child_by_field_name("definition") or node.child_by_field_name("declaration")
        node = inner or (named[-1] if named else node)
    return node


def _members(node: "Node") -> list["Node"]:
    body = node.child_by_field_name("body")
    if body is None:
        body = next((one for one in node.children if one.type in _BODIES), None)
    return list(body.children) if body is not None else []


def _defines_by_value(node: "Node") -> bool:
    """`const go = () => …` defines a function too."""
    if node.type not in ("lexical_declaration", "variable_declaration"):
        return False
    value = next(
        (one.child_by_field_name("value") for one in node.named_children
         if one.type == "variable_declarator"), None,
    )  # fmt: skip
    return value is not None and value.type in _VALUES


def _name(node: "Node") -> str:
    """Follow the fields that lead to a name; the receiver of a Go method comes first."""
    said = _named(node)
    receiver = node.child_by_field_name("receiver")
    if node.type == "method_declaration" and receiver is not None and receiver.text:
        return f"{one_line(receiver.text.decode('utf-8', 'replace'))} {said}"
    trait = node.child_by_field_name("trait")
    if trait is not None and trait.text:
        return one_line(f"{trait.text.decode('utf-8', 'replace')} for {said}")
    return said


def _named(node: "Node") -> str:
    for _ in range(8):
        if node.type in _WHOLE_NAMES:
            break
        inner = next(
            (one for field in _NAMES if (one := node.child_by_field_name(field)) is not None), None
        )
        if inner is None:
            inner = next((one for one in node.named_children if one.type in ("type_spec",
                          "variable_declarator", "type_alias")), None)  # fmt: skip
        if inner is None:
            break
        node = inner
    if node.child_count > 12 or not node.text:
        return ""
    return one_line(node.text.decode("utf-8", "replace"), 100)
