"""Word: styles of one's own are read by what they are based on."""

import io
import time

import docx
import pytest
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.styles.style import ParagraphStyle

from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.word_document import read_word_document


def read(document: Document) -> ParsedDocument:
    saved = io.BytesIO()
    document.save(saved)
    return read_word_document(saved.getvalue())


def own_style(
    document: Document, name: str, base: str = "Normal", says: str = ""
) -> ParagraphStyle:
    style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    assert isinstance(style, ParagraphStyle)
    base_style = document.styles[base]
    assert isinstance(base_style, ParagraphStyle)
    style.base_style = base_style
    if says:
        style.element.append(parse_xml(f"<w:pPr {nsdecls('w')}>{says}</w:pPr>"))
    return style


OUTLINE = '<w:outlineLvl w:val="{}"/>'
NUMBERS = '<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="{}"/></w:numPr>'


def said_by(base: str, says: str = "", within: str = "") -> str:
    """Read one paragraph in a style of one's own, which is based on another of one's own."""
    document = docx.Document()
    own_style(document, "Between", base, says)
    own_style(document, "Mine", "Between")
    paragraph = document.add_paragraph("Words", style="Mine")
    if within:
        said = parse_xml(within.replace("/>", f" {nsdecls('w')}/>", 1))
        paragraph.paragraph_format.element.get_or_add_pPr().append(said)
    return read(document).text


@pytest.mark.parametrize(
    ("base", "says", "text"),
    [
        ("Heading 2", "", "## Words"),
        ("Normal", OUTLINE.format(2), "### Words"),
        ("Heading 1", OUTLINE.format(1), "## Words"),
        ("Heading 1", OUTLINE.format(9), "Words"),
        ("List Bullet", "", "- Words"),
        ("List Paragraph", "", "Words"),
        ("Normal", NUMBERS.format(1, 3), "  - Words"),
        ("List Bullet", NUMBERS.format(0, 0), "Words"),
    ],
)
def test_a_style_is_what_it_is_based_on(base: str, says: str, text: str):
    assert said_by(base, says) == text


def test_a_paragraph_counts_before_its_style():
    assert said_by("Heading 1", within=OUTLINE.format(9)) == "Words"


def test_numbers_taken_from_a_paragraph_leave_no_item():
    document = docx.Document()
    document.add_paragraph("An item", style="List Bullet")
    plain = document.add_paragraph("Words", style="List Bullet")
    numbers = NUMBERS.format(0, 0).replace("<w:numPr", f"<w:numPr {nsdecls('w')}")
    plain.paragraph_format.element.get_or_add_pPr().append(parse_xml(numbers))
    assert read(document).text == "- An item\n\nWords"


def test_styles_in_a_circle_are_read():
    document = docx.Document()
    one = own_style(document, "One")
    one.base_style = own_style(document, "Two", "One", OUTLINE.format(0))
    document.add_paragraph("Words", style="One")
    assert read(document).text == "# Words"


def test_code_with_a_paragraph_a_line_is_one_block():
    document = docx.Document()
    own_style(document, "Code")
    own_style(document, "CodeWide", "Code", NUMBERS.format(0, 3))
    own_style(document, "HTML Preformatted")
    own_style(document, "Listing", "HTML Preformatted")
    for line in ("def f(x):", "    if x:", ""):
        document.add_paragraph(line, style="Code")
    document.add_paragraph("        return 1", style="CodeWide")
    document.add_paragraph("an item", style="List Bullet")
    document.add_paragraph("make all", style="Listing")
    document.add_paragraph("Words")
    parsed = read(document)
    assert parsed.text == (
        "```\ndef f(x):\n    if x:\n\n        return 1\n```\n\n- an item\n\n"
        "```\nmake all\n```\n\nWords"
    )
    assert [one.kind for one in parsed.blocks] == ["code", "list", "code", "prose"]


@pytest.mark.parametrize("name", ["Source", "Code of Conduct"])
def test_a_style_that_is_only_called_like_it_is_no_code(name: str):
    document = docx.Document()
    own_style(document, name)
    document.add_paragraph("Source: the yearly report", style=name)
    parsed = read(document)
    assert [one.kind for one in parsed.blocks] == ["prose"]


def test_a_subtitle_is_no_item_of_a_list():
    document = docx.Document()
    document.add_paragraph("Report", style="Title")
    document.add_paragraph("A year of growth", style="Subtitle")
    assert read(document).text == "# Report\n\nA year of growth"


def test_styles_that_are_based_on_each_other_without_end_take_bounded_time():
    document = docx.Document()
    styles = document.styles.element
    style = f'<w:style {nsdecls("w")} w:type="paragraph" w:styleId="s{{}}">{{}}</w:style>'
    for at in range(6_000):
        styles.append(parse_xml(style.format(at, f'<w:basedOn w:val="s{at + 1}"/>')))
    styles.append(parse_xml(style.format(6_000, "<w:rPr><w:vanish/></w:rPr>")))
    paragraph = f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="s0"/></w:pPr><w:r><w:t>SALARY</w:t></w:r></w:p>'
    document.element.body.insert(0, parse_xml(paragraph))
    began = time.thread_time()
    assert read(document).text == ""
    assert time.thread_time() - began < 8
