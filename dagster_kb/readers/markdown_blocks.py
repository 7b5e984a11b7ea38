"""The Markdown parser, set up to find blocks: CommonMark and tables, nothing inline."""

import re
import time
from collections.abc import Sequence
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import table as is_table
from markdown_it.token import Token

from kb_contract.errors import BadDocument

MAX_TOKENS: Final = 600_000
CPU_SECONDS: Final = 10.0
_LONGEST_HEADING: Final = 200
_MARKUP: Final = re.compile(r"[\\`*_~<>&!\[\]]")
_ANCHOR: Final = re.compile(r"\s*\{#[^{}]*\}\s*$")


def block_tokens(body: str, *, mdx: bool = False) -> Sequence[Token]:
    """Return tokens of `body` with the lines that they come from; in MDX no indented line is code."""
    return _block_parser(mdx=mdx).parse(body, {"deadline": time.thread_time() + CPU_SECONDS})


def plain_heading(markup: str) -> str:
    """Say a heading without its markup: `## The *big* [one](x) {#big}` is `The big one`."""
    # Far more than is kept, and little enough that no nesting of brackets takes long.
    source = _ANCHOR.sub("", markup.strip()[: 4 * _LONGEST_HEADING])
    if _MARKUP.search(source):
        source = "".join(_words(_inline_parser().parseInline(source)[0].children or []))
    words = " ".join(source.split())
    return words if len(words) <= _LONGEST_HEADING else words[: _LONGEST_HEADING - 1] + "…"


def _words(tokens: Sequence[Token]) -> list[str]:
    found: list[str] = []
    for one in tokens:
        if one.type in ("text", "code_inline", "text_special"):
            found.append(one.content)
        elif one.type in ("softbreak", "hardbreak"):
            found.append(" ")
        elif one.type == "image":
            found.extend(_words(one.children or []))
    return found


@cache
def _block_parser(*, mdx: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    if mdx:
        parser.disable("code")
    parser.core.ruler.disable(["inline", "text_join"])
    parser.block.ruler.before("table", "limits", _limits)
    parser.block.ruler.at("table", _whole_table, {"alt": ["paragraph", "reference"]})
    return parser


@cache
def _inline_parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("strikethrough")


def _limits(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:  # noqa: ARG001, FBT001
    """Match nothing; be asked at every block, and stop what was made to take forever."""
    if len(state.tokens) > MAX_TOKENS:
        raise BadDocument(
            f"more than {MAX_TOKENS:,} pieces of Markdown", cure="split it into several documents"
        )
    if time.thread_time() > state.env["deadline"]:
        raise BadDocument(
            f"its Markdown takes more than {CPU_SECONDS:.0f} s to read",
            cure="look for very deep nesting, and split it into several documents",
        )
    return False


def _whole_table(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001
    """Recognise a table as the library does, but make one token of it, not five for each cell."""
    if not is_table(state, start_line, end_line, silent=True):
        return False
    if silent:
        return True
    outer, state.parentType = state.parentType, "table"
    ends = state.md.block.ruler.getRules("blockquote")
    line = start_line + 2
    while line < end_line and not _ends_table(state, line):
        if any(rule(state, line, end_line, True) for rule in ends):  # noqa: FBT003
            break
        line += 1
    token = state.push("table", "table", 0)
    token.map = [start_line, line]
    state.parentType = outer
    state.line = line
    return True


def _ends_table(state: StateBlock, line: int) -> bool:
    return state.sCount[line] < state.blkIndent or state.isEmpty(line) or state.is_code_block(line)
