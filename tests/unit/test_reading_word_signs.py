"""Word: powers, equations and signs on one line, so that no number becomes another one."""

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from dagster_kb.readers.word_document import read_word_document
from tests.unit.test_reading_office_shown import MATH, saved


def said(inner: str) -> str:
    document = docx.Document()
    paragraph = parse_xml(f'<w:p {nsdecls("w")} xmlns:m="{MATH}">{inner}</w:p>')
    document.element.body.insert(0, paragraph)
    return read_word_document(saved(document.save)).text


def run(words: str, looks: str = "") -> str:
    return f'<w:r><w:rPr>{looks}</w:rPr><w:t xml:space="preserve">{words}</w:t></w:r>'


UP = '<w:vertAlign w:val="superscript"/>'
DOWN = '<w:vertAlign w:val="subscript"/>'


@pytest.mark.parametrize(("inner", "words"), [
    (run("10") + run("6", UP) + run(" bytes"), "10^6 bytes"),
    (run("2") + run("3", UP) + run("2", UP), "2^32"),
    (run("10") + run("−", UP) + "<w:proofErr/>" + run("3", UP) + run(" m"), "10^−3 m"),  # noqa: RUF001
    (run("H") + run("2", DOWN) + run("O"), "H2O"),
    (run("x") + run("1", DOWN) + run("2", UP), "x1^2"),
    (run("the 2") + run("nd", UP) + run(" day"), "the 2nd day"),
    (run("10") + run("6", '<w:vertAlign w:val="baseline"/>'), "106"),
])  # fmt: skip
def test_a_power_is_not_read_as_another_number(inner: str, words: str):
    assert said(inner) == words


def part(name: str, *inner: str) -> str:
    return f"<m:{name}>{''.join(inner)}</m:{name}>"


def text(words: str) -> str:
    return part("r", part("t", words))


def rows(*cells: str) -> str:
    return "".join(part("mr", *(part("e", text(one)) for one in row)) for row in cells)


@pytest.mark.parametrize(("equation", "words"), [
    (part("rad", part("deg", text("3")), part("e", text("8"))), "√[3](8)"),
    (part("rad", '<m:radPr><m:degHide m:val="1"/></m:radPr>', part("deg", text("2")), part("e", text("8"))), "√2(8)"),
    (part("rad", "<m:deg/>", part("e", text("8"))), "√(8)"),
    (part("d", '<m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr>', part("e", part("m", rows("12", "34")))), "[1 2; 3 4]"),
    (part("d", part("e", text("n")), part("e", text("k"))), "(n|k)"),
    (part("d", '<m:dPr><m:sepChr m:val=","/></m:dPr>', part("e", text("1")), part("e", text("2"))), "(1,2)"),
    (part("f", '<m:fPr><m:type m:val="noBar"/></m:fPr>', part("num", text("n")), part("den", text("k"))), "(n) choose (k)"),
    (part("eqArr", "<m:eqArrPr/>", part("e", text("a=1")), part("e", text("b=2"))), "a=1; b=2"),
    (text("x") + part("sPre", part("sub", text("6")), part("sup", text("14")), part("e", text("C"))), "x _(6)^(14)C"),
    (part("func", part("fName", part("limLow", part("e", text("lim")), part("lim", text("n")))), part("e", text("f"))), "lim_(n) f"),
    ("<!-- made by hand -->" + text("1"), "1"),
])  # fmt: skip
def test_an_equation_is_said_on_one_line(equation: str, words: str):
    assert said(part("oMath", equation)) == words


def test_hidden_parts_of_an_equation_are_not_served():
    hidden = part("r", "<w:rPr><w:vanish/></w:rPr>", part("t", "SALARY"))
    assert said(part("oMath", text("a"), hidden, text("b"))) == "ab"


@pytest.mark.parametrize(("font", "letters", "words"), [
    ('w:ascii="Symbol" w:hAnsi="Symbol"', "\uf0b3", "≥"),
    ('w:ascii="Symbol" w:hAnsi="Symbol"', "a = 5 ≤", "α = 5 ≤"),  # noqa: RUF001 - what is shown
    ('w:hAnsi="Wingdings"', "\uf0fc\uf0a7 ", "✓"),
    ('w:ascii="Symbol" w:asciiTheme="minorHAnsi"', "a", "a"),
    ('w:ascii="Arial" w:cs="Symbol"', "a", "a"),
])  # fmt: skip
def test_letters_in_a_font_of_symbols_are_what_it_shows_for_them(
    font: str, letters: str, words: str
):
    assert said(run(letters, f"<w:rFonts {font}/>")) == words
