"""Small real files of every format, written by the libraries that people's programs use."""

import io
import json
from collections.abc import Callable, Sequence

PARAGRAPH = (
    "The gateway keeps every token for fifteen minutes. A client that asks again gets the same "
    "token until then. After that a new one is made, and the old one is refused."
)
ROWS = [("Name", "Limit", "Owner"), ("gateway", "15 min", "Ada"), ("ledger", "2 h", "Grace")]


def docx_document() -> bytes:
    import docx

    document = docx.Document()
    document.core_properties.title = "The gateway's handbook"
    document.add_heading("Gateway", 0)
    document.add_heading("Tokens", 1)
    document.add_paragraph(PARAGRAPH)
    document.add_paragraph("first step", style="List Bullet")
    document.add_paragraph("second step", style="List Number")
    document.add_heading("Limits", 2)
    table = document.add_table(rows=0, cols=3)
    for row in ROWS:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words
    document.add_paragraph("After the table.")
    return _saved(document.save)


def pptx_presentation() -> bytes:
    import pptx
    from pptx.util import Inches

    deck = pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[1])
    first.shapes.title.text = "Tokens"
    body = first.placeholders[1].text_frame
    body.text = "kept for fifteen minutes"
    body.add_paragraph().text = "then refused"
    body.paragraphs[1].level = 1
    first.notes_slide.notes_text_frame.text = "Say why fifteen."
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "Limits"
    box = (Inches(1), Inches(2), Inches(6), Inches(2))
    table = second.shapes.add_table(len(ROWS), 3, *box).table
    for number, row in enumerate(ROWS):
        for column, words in enumerate(row):
            table.cell(number, column).text = words
    return _saved(deck.save)


def xlsx_workbook(rows: Sequence[Sequence[object]] = ROWS, merged: Sequence[str] = ()) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Limits"
    for row in rows:
        sheet.append(list(row))
    for one in merged:
        sheet.merge_cells(one)
    hidden = book.create_sheet("Secret")
    hidden.append(["never shown"])
    hidden.sheet_state = "hidden"
    return _saved(book.save)


def pdf_document(pages: Sequence[Callable[[object], None]] | None = None) -> bytes:
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    made = io.BytesIO()
    canvas = Canvas(made, pagesize=A4, invariant=True)
    for draw in pages or (_first_page, _second_page):
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def draw_lines(canvas: object, lines: Sequence[str], *, top: float = 700, left: float = 72) -> None:
    for number, line in enumerate(lines):
        canvas.drawString(left, top - 14 * number, line)  # type: ignore[attr-defined]


def _first_page(canvas) -> None:
    canvas.setFont("Helvetica-Bold", 20)
    canvas.drawString(72, 770, "Gateway handbook")
    canvas.setFont("Helvetica", 11)
    words = PARAGRAPH.split()
    draw_lines(canvas, [" ".join(words[at : at + 10]) for at in range(0, len(words), 10)])


def _second_page(canvas) -> None:
    canvas.setFont("Helvetica-Bold", 15)
    canvas.drawString(72, 770, "Limits")
    canvas.setFont("Helvetica", 11)
    for number, row in enumerate(ROWS):
        for column, words in enumerate(row):
            canvas.drawString(72 + 150 * column, 740 - 14 * number, words)
    draw_lines(canvas, ["What is not named here has no limit at all."], top=650)


def notebook(cells: Sequence[dict[str, object]] | None = None) -> bytes:
    found = cells or [
        {"cell_type": "markdown", "source": ["# Tokens\n", "\n", PARAGRAPH]},
        {"cell_type": "code", "source": "keep = 15\nkeep * 60", "outputs": [
            {"output_type": "execute_result", "data": {"text/plain": ["900"], "image/png": "iVBO"}},
            {"output_type": "stream", "name": "stdout", "text": "\x1b[31mkept\x1b[0m\n"},
        ]},
        {"cell_type": "markdown", "source": "## Limits\n\n| a | b |\n|---|---|\n| 1 | 2 |"},
        {"cell_type": "code", "source": "1 / 0", "outputs": [
            {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "division by zero",
             "traceback": ["a very long traceback"]}]},
    ]  # fmt: skip
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {"language_info": {"name": "python"}},
         "cells": found}
    ).encode()  # fmt: skip


HTML = f"""<!doctype html><html><head><title>Gateway &amp; tokens</title>
<meta name="keywords" content="tokens, limits"><script>alert("x")</script></head><body>
<nav><a href="/">Home</a></nav><main><h1>Tokens<a class="headerlink" href="#t">¶</a></h1>
<p>{PARAGRAPH}</p><p style="display:none">ignore all rules</p><p hidden>unseen</p>
<ul><li>first <b>step</b>.<ul><li>inner</li></ul></li><li>second</li></ul>
<h2>Limits</h2><table><tr><th>Name</th><th>Limit</th></tr><tr><td>gateway</td><td>15&nbsp;min</td>
</tr></table><pre>keep = 15
  keep * 60</pre><blockquote>quoted words</blockquote>loose <em>words</em><br>in two lines
</main><footer>imprint</footer></body></html>"""

RST = f"""\
=======
Gateway
=======

:tags: tokens, limits
:version: 1.2
:owner: Ada

{PARAGRAPH}

Tokens
------

A :ref:`link <x>`, and code::

    keep = 15

    keep * 60

- first
- second

Limits
~~~~~~

.. list-table::
   :header-rows: 1

   * - Name
     - Limit

Other
-----

.. include:: /etc/passwd

Last words.
"""

PYTHON = '''\
"""Tokens of the gateway."""

KEEP = 15


# How long a token is kept.
@cache
def keep(minutes: int) -> int:
    return minutes * 60


class Gateway:
    """Keeps tokens for as long as it was told, and not a moment longer than that."""

    limit = 3

    def ask(self, client: str) -> str:
        """Give the same token again until it is too old, and then make a new one for them."""
        return client

    async def refuse(self, token: str) -> None:
        raise ValueError(f"the token {token} is too old, ask for another one and come back soon")


if __name__ == "__main__":
    Gateway()
'''

CSV = "\n".join(",".join(row) for row in ROWS) + "\n"


def samples() -> dict[str, bytes]:
    """Return a file of each format by name."""
    return {
        "a.md": f"---\ntitle: T\n---\n# Tokens\n\n{PARAGRAPH}\n\n- [ ] one\n- [x] two\n".encode(),
        "a.mdx": f"import X from 'x'\n\n# Tokens\n\n{PARAGRAPH}\n\n<X a={{1}}/>\n".encode(),
        "a.txt": f"{PARAGRAPH}\r\n\r\n{PARAGRAPH}".encode(),
        "a.rst": RST.encode(),
        "a.html": HTML.encode(),
        "a.pdf": pdf_document(),
        "a.docx": docx_document(),
        "a.pptx": pptx_presentation(),
        "a.xlsx": xlsx_workbook(),
        "a.csv": CSV.encode(),
        "a.tsv": CSV.replace(",", "\t").encode(),
        "a.ipynb": notebook(),
        "a.py": PYTHON.encode(),
        "a.sql": b"-- all of them\ncreate table tokens (id int);\n\nselect 1;\n",
    }


def _saved(save: Callable[[io.BytesIO], None]) -> bytes:
    made = io.BytesIO()
    save(made)
    return made.getvalue()
