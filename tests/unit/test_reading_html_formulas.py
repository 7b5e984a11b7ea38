"""Powers and formulas of a page on one line: no number becomes another one."""

import time

import pytest

from dagster_kb.readers.html_page import read_html
from tests.unit.test_reading_html import said


@pytest.mark.parametrize(("body", "words"), [
    ("10<sup>6</sup> bytes", "10^6 bytes"),
    ("2<sup>32</sup>", "2^32"),
    ("10<sup>&minus;6</sup> m", "10^−6 m"),  # noqa: RUF001 - pages hold this sign
    ("<b>10</b><sup><i>6</i></sup>.", "10^6."),
    ("O(2<sup>n</sup>) and x<sup>2</sup>y", "O(2^n) and x^(2)y"),
    ("2<sup>n+1</sup>", "2^(n+1)"),
    ("2<sup>2<sup>3</sup></sup>", "2^(2^3)"),
    ("Ca<sup>2+</sup>", "Ca^(2+)"),
    ("H<sub>2</sub>O, CO<sub>2</sub>", "H2O, CO2"),
    ("log<sub>2</sub>8 = 3, 10<sub>2</sub>", "log_(2)8 = 3, 10_2"),
    ("x<sub>1</sub><sup>2</sup>", "x1^2"),
    ("2<sup>1</sup>/<sub>2</sub> cups, <sup>3</sup>&frasl;<sub>4</sub>", "2 1/2 cups, 3/4"),
    ("the 2<sup>nd</sup> of 1<sup>er</sup>, N<sup>o</sup> 5", "the 2nd of 1er, No 5"),
    ("costs 5.<sup>1</sup>, ask<sup>1 or more</sup>", "costs 5.^1, ask1 or more"),
    ("<sup>1</sup> A note, <sup>14</sup>C", "1 A note, 14C"),
    ("<sup></sup>a<sup> </sup>b", "a b"),
])  # fmt: skip
def test_a_power_is_not_read_as_another_number(body: str, words: str):
    table = f"<table><tr><th>A<th>B<tr><td>{body}<td>x</table>"
    assert said(f"<p>{body}</p>") == [("prose", words)]
    assert said(f"<ul><li>{body}</ul>") == [("list", f"- {words}")]
    assert said(table)[0][1].splitlines()[-1] == f"| {words} | x |"
    assert said(f"<pre>{body}</pre>")[0][1].split() == ["```", *words.split(), "```"]


@pytest.mark.parametrize("mark", [
    "<sup><a href='#fn1'>1</a></sup>", "<sup>[<a href='page.html#cite_note-7'>7</a>]</sup>",
    "<a href='#_ftn1'><sup>[1]</sup></a>", "<sup><sup><a href='#fn'>a</a></sup></sup>", "<sup><a href='#1'>1</a>, <a href='#2'>2</a></sup>",
])  # fmt: skip
def test_the_mark_of_a_note_is_no_part_of_a_number(mark: str):
    assert said(f"<p>It costs 12{mark} a day.</p>") == [("prose", "It costs 12 a day.")]


def test_a_power_that_leads_somewhere_is_one():
    assert said("<p>5 m<sup><a href='/wiki/Square_metre#Use'>2</a></sup></p>") == [
        ("prose", "5 m^2")
    ]


@pytest.mark.parametrize(("formula", "words"), [
    ("<mfrac><mn>1</mn><mn>2</mn></mfrac>", "(1)/(2)"),
    ("<mfrac>\n <mrow><mn>1</mn></mrow>\n <mn>2</mn>\n</mfrac>", "(1) /(2)"),
    ("<msup><mi>x</mi><mn>2</mn></msup>", "x^(2)"),
    ("<msub><mi>log</mi><mn>2</mn></msub><mn>8</mn>", "log_(2)8"),
    ("<munderover><mo>∑</mo><mn>1</mn><mi>n</mi></munderover><mi>i</mi>", "∑_(1)^(n)i"),
    ("<msqrt><mn>2</mn><mi>x</mi></msqrt>", "√(2x)"),
    ("<mroot><mn>8</mn><mn>3</mn></mroot>", "(8)^(1/(3))"),
    ("<mfrac linethickness='0'><mi>n</mi><mi>k</mi></mfrac>", "(n) choose (k)"),
    ("<mfenced><mi>a</mi><mi>b</mi></mfenced>", "(a,b)"),
    ("<mtable><mtr><mtd>1</mtd><mtd>2</mtd></mtr><mtr><mtd>3</mtd><mtd>4</mtd></mtr></mtable>", "1 2; 3 4"),
    ("<mfrac><msup><mn>10</mn><mn>3</mn></msup><mn>2</mn></mfrac>", "(10^(3))/(2)"),
    ("<mphantom><mn>9</mn></mphantom><mn>1</mn>", "1"),
])  # fmt: skip
def test_a_formula_is_said_on_one_line(formula: str, words: str):
    assert said(f"<p><math>{formula}</math></p>") == [("prose", words)]


def test_of_a_formula_that_is_there_three_times_one_is_kept():
    formula = "<mrow><mfrac><mn>1</mn><mn>2</mn></mfrac></mrow>"
    tex = "<annotation encoding='application/x-tex'>\\frac12</annotation>"
    page = (
        "<p>Half: <span class=katex><span class=katex-mathml><math><semantics>"
        f"{formula}{tex}</semantics></math></span>"
        "<span class=katex-html aria-hidden=true><span>1</span><span>2</span></span></span></p>"
    )
    assert said(page) == [("prose", "Half: (1)/(2)")]


@pytest.mark.parametrize("flood", [
    "<sup>1" * 900, "<math>" + "<mfrac>1" * 900, "<sup><a href='#fn'>1" * 900,
    "1<sup>2</sup>" * 20_000, "<math>" + "<mfrac><mn>1</mn><mn>2</mn></mfrac>" * 50_000,
    "1<sup><a href='#fn'>1</a></sup>" * 20_000,
])  # fmt: skip
def test_many_marks_take_bounded_time(flood: str):
    began = time.thread_time()
    read_html(f"<html><body><p>{flood}".encode())
    assert time.thread_time() - began < 8
