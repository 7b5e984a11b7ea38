"""Whatever an answer says, on the page it is words."""

import re

import pytest

from graph.console.markdown import safe_html
from graph.console.views import rendered

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![a](https://evil.example/pixel.png)",
    "![a](data:image/svg+xml;base64,PHN2Zz4=)",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "[a](vbscript:x)",
    "<https://ok.example/\" onclick=\"alert(1)>",
    "[a](https://ok.example/\"onmouseover=\"alert(1))",
    "![\"><script>alert(1)</script>](x)",
    "<svg/onload=alert(1)>",
    "<a href='x' data-act='confirm'>press</a>",
    "`<img src=x onerror=alert(1)>`",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "| a |\n|---|\n| <iframe src=//evil.example> |",
    "[ref]\n\n[ref]: javascript:alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "[1](javascript:alert(1))",
]  # fmt: skip
ELEMENT = re.compile(r"<\s*([a-z][a-z0-9]*)([^>]*)>", re.IGNORECASE)
KNOWN = {
    "p", "em", "strong", "code", "pre", "ul", "ol", "li", "a", "button", "table", "thead", "tbody", "tr", "th",
    "td", "h1", "h2", "blockquote", "br", "hr",
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_becomes_an_element(text: str):
    html = str(safe_html(text, 3))
    for name, attributes in ELEMENT.findall(html):
        assert name in KNOWN, html
        names = re.findall(r"([a-z-]+)=\"[^\"]*\"", attributes)
        assert set(names) <= {
            "href",
            "rel",
            "class",
            "type",
            "data-act",
            "data-number",
            "aria-label",
        }, html
        assert "javascript" not in "".join(re.findall(r"href=\"([^\"]*)\"", attributes)).lower()
    assert 'data-act="confirm"' not in html


def test_numbers_of_citations_are_buttons_and_no_others():
    html = str(safe_html("Two litres. [1][12] Not [7]. `[1]` [text](https://ok.example)", 3))
    assert re.findall(r'data-number="(\d+)"', html) == ["1"]
    assert "[12]" in html
    assert "[7]" in html
    assert "<code>[1]</code>" in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_a_template_escapes_what_it_shows():
    page = rendered("passage.html", number="1", found={
        "title": "<b>x</b>", "before": "</div><script>", "quote": "<img src=x onerror=y>", "after": "",
        "heading_path": ["<i>"], "path": "a\"b", "sha": "0" * 40, "start": 0, "end": 1, "page": None,
        "agent_id": "<s>", "generation": 1, "stands": True, "asset_url": None, "run_url": None,
    })  # fmt: skip
    assert not re.search(r"<(b|script|img|i|s)\b", page)
    assert "&lt;img src=x onerror=y&gt;" in page
