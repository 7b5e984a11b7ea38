"""Markdown of answers as HTML that can do nothing: no HTML of its own, no images, no scripts."""

import re
from collections.abc import MutableMapping, Sequence
from functools import cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup, escape

_NUMBER: Final = re.compile(r"\[(\d{1,4})\](?!\()")
_LINK: Final = re.compile(r"https?://", re.IGNORECASE)


def safe_html(text: str, citations: int = 0) -> Markup:
    """Render it; `[n]` becomes a button as long as there is such a citation."""
    return Markup(_reader().render(text, {"citations": citations}))  # noqa: S704 - made of escaped parts


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    reader.validateLink = _is_web_address
    reader.inline.ruler.before("link", "citation", _citation)
    reader.add_render_rule("citation", _citation_button)
    reader.add_render_rule("image", _image_as_words)
    reader.add_render_rule("link_open", _link)
    return reader


def _is_web_address(url: str) -> bool:
    return _LINK.match(url) is not None


def _citation(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it calls it so
    found = _NUMBER.match(state.src, state.pos)
    if found is None or not 1 <= int(found[1]) <= state.env.get("citations", 0):
        return False
    if not silent:
        token = state.push("citation", "", 0)
        token.content = found[1]
    state.pos = found.end()
    return True


def _citation_button(_: RendererHTML, tokens: Sequence[Token], at: int, *_rest: Any) -> str:
    number = tokens[at].content
    return (
        f'<button type="button" class="cite" data-act="cite" data-number="{number}"'
        f' aria-label="Citation {number}">{number}</button>'
    )


def _image_as_words(_: RendererHTML, tokens: Sequence[Token], at: int, *_rest: Any) -> str:
    return f"<em>[{escape(tokens[at].content or 'image')}]</em>"


def _link(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    at: int,
    options: Any,
    _: MutableMapping[str, Any],
) -> str:
    tokens[at].attrSet("rel", "noopener noreferrer nofollow")
    return renderer.renderToken(tokens, at, options, {})
