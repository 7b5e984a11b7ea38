"""The same words of a document about itself, in every format and at every place that takes them."""

import io
import json
import zipfile
from collections.abc import Callable

WORDS = "The badge opens the door of the archive."
Said = dict[str, str]


def _yaml(said: Said) -> str:
    return "".join(f"{key}: {value}\n" for key, value in said.items())


def _toml(said: Said) -> str:
    return "".join(
        f"{key} = {value if value in ('true', 'false') else json.dumps(value)}\n"
        for key, value in said.items()
    )


def _fields(said: Said) -> str:
    return "".join(f":{key}: {value}\n" for key, value in said.items())


def _metas(said: Said, by: str = "name") -> str:
    return "".join(f'<meta {by}="{key}" content="{value}">\n' for key, value in said.items())


def _notebook(*cells: tuple[str, str], **about: str) -> str:
    said = [{"cell_type": kind, "source": source} for kind, source in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": said})


def _front(said: Said) -> str:
    return f"---\n{_yaml(said)}---\n"


PLACES: dict[str, Callable[[Said], str]] = {
    "top.md": lambda said: f"{_front(said)}# Title\n\n{WORDS}\n",
    "mark.md": lambda said: f"\ufeff{_front(said)}\n{WORDS}\n",
    "blank.md": lambda said: f"\n \n{_front(said)}\n{WORDS}\n",
    "comment.md": lambda said: f"<!-- vim: set tw=80\n-->\n{_front(said)}\n{WORDS}\n",
    "crlf.md": lambda said: f"\n{_front(said)}\n{WORDS}\n".replace("\n", "\r\n"),
    "toml.md": lambda said: f"+++\n{_toml(said)}+++\n\n{WORDS}\n",
    "late_toml.md": lambda said: f"\n+++\n{_toml(said)}+++\n\n{WORDS}\n",
    "named.md": lambda said: f"---yaml\n{_yaml(said)}---\n\n{WORDS}\n",
    "top.mdx": lambda said: f"{_front(said)}\n{WORDS}\n",
    "import.mdx": lambda said: f"import A from 'a'\n\n{{/* x */}}\n{_front(said)}\n{WORDS}\n",
    "top.txt": lambda said: f"{_front(said)}\n{WORDS}\n",
    "above.rst": lambda said: f"{_fields(said)}\nTitle\n=====\n\n{WORDS}\n",
    "below.rst": lambda said: f":orphan:\n\nTitle\n=====\n\n{_fields(said)}\n{WORDS}\n",
    "license.rst": lambda said: (
        f".. Copyright\n\n.. _label:\n\n.. index:: x\n\nTitle\n=====\n\nSub\n---\n\n{_fields(said)}\n{WORDS}\n"
    ),
    "paragraphs.rst": lambda said: (
        f"Title\n=====\n\nBy the HR team\n\n**Internal**\n\n{_fields(said)}\n{WORDS}\n"
    ),
    "meta.rst": lambda said: (
        f".. meta::\n   :description: x\n   {_fields(said).strip().replace(chr(10), chr(10) + '   ')}\n\n{WORDS}\n"
    ),
    "yaml.rst": lambda said: f"{_front(said)}\nTitle\n=====\n\n{WORDS}\n",
    "comments.rst": lambda said: (
        "".join(f".. {key}: {value}\n" for key, value in said.items()) + f"\n{WORDS}\n"
    ),
    "head.html": lambda said: f"<html><head>{_metas(said)}</head><body><p>{WORDS}</p></body></html>",
    "picture.html": lambda said: (
        f"<html><head><title>T</title><img src=x>{_metas(said)}</head><body><p>{WORDS}</p></body></html>"
    ),
    "property.html": lambda said: f"<head>{_metas(said, 'property')}</head><p>{WORDS}</p>",
    "fragment.html": lambda said: f"<p>{WORDS}</p>{_metas(said)}",
    "front.html": lambda said: f"{_front(said)}<p>{WORDS}</p>",
    "page.xhtml": lambda said: (
        f'<?xml version="1.0"?><html><head>{_metas(said)}</head><body><p>{WORDS}</p></body></html>'
    ),
    "cell.ipynb": lambda said: _notebook(("markdown", f"{_front(said)}{WORDS}")),
    "raw.ipynb": lambda said: _notebook(("raw", f"{_front(said)}"), ("markdown", WORDS)),
    "title_raw.ipynb": lambda said: _notebook(
        ("markdown", "# Title"), ("raw", f"{_front(said)}"), ("markdown", WORDS)
    ),
    "metadata.ipynb": lambda said: _notebook(("markdown", WORDS), **said),
}  # fmt: skip


def _docx(said: Said) -> bytes:
    import docx

    document = docx.Document()
    document.add_paragraph(WORDS)
    return _with_properties(document.save, said)


def _pptx(said: Said) -> bytes:
    import pptx

    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    assert slide.shapes.title
    slide.shapes.title.text = WORDS
    return _with_properties(deck.save, said)


def _xlsx(said: Said) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.worksheets[0].append([WORDS])
    return _with_properties(book.save, said)


def _with_properties(save: Callable[[io.BytesIO], object], said: Said) -> bytes:
    """Add custom properties as Office writes them."""
    made = io.BytesIO()
    save(made)
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006"
    properties = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{number}" name="{key}">'
        f"<vt:lpwstr>{value}</vt:lpwstr></property>"
        for number, (key, value) in enumerate(said.items(), 2)
    )
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr(
            "docProps/custom.xml",
            f'<Properties xmlns="{kinds}/custom-properties" xmlns:vt="{kinds}/docPropsVTypes">'
            f"{properties}</Properties>",
        )
    return made.getvalue()


def _pdf(said: Said) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    made = io.BytesIO()
    canvas = Canvas(made, invariant=True)
    canvas.drawString(72, 700, WORDS)
    info = canvas._doc.info
    written = info.format

    def format_with(document: object) -> bytes:
        own = "".join(f"/{key} ({value})\n" for key, value in said.items() if key != "title")
        return written(document).rstrip().removesuffix(b">>") + own.encode() + b">>"

    info.format = format_with
    canvas.save()
    return made.getvalue()


PROPERTIES: dict[str, Callable[[Said], bytes]] = {
    "custom.docx": _docx, "custom.pptx": _pptx, "custom.xlsx": _xlsx, "info.pdf": _pdf,
}  # fmt: skip
EVERYWHERE = (*PLACES, *PROPERTIES)


def document(place: str, said: Said) -> bytes:
    """Write a document that says this at a place."""
    return PROPERTIES[place](said) if place in PROPERTIES else PLACES[place](said).encode()
