"""Of a notebook's outputs what a person is shown."""

import json

import pytest

from dagster_kb.readers.notebook import read_notebook


def shown(**data: str | list[str]) -> str:
    kinds = {kind.replace("_", "/"): words for kind, words in data.items()}
    output = {"output_type": "display_data", "data": kinds}
    cell = {"cell_type": "code", "source": "show()", "outputs": [output]}
    text = read_notebook(json.dumps({"nbformat": 4, "cells": [cell]}).encode()).text
    return text.removeprefix("```\nshow()\n```").strip()


OBJECT = "<IPython.core.display.HTML object>"


@pytest.mark.parametrize("plain", [OBJECT, "<pandas.io.formats.style.Styler at 0x7f1c>", ""])
def test_words_of_a_page_are_taken_where_plain_text_names_its_object_only(plain: str):
    html = ["<style>b {}</style><b>10<sup>6</sup></b> rows", "<script>draw()</script>"]
    assert shown(text_plain=plain, text_html=html) == "```text\n10^6 rows\n```"


def test_a_formula_is_kept_as_it_was_written():
    plain = "<IPython.core.display.Latex object>"
    assert shown(text_plain=plain, text_latex="$\\frac12$") == "```text\n$\\frac12$\n```"


@pytest.mark.parametrize("plain", [
    "<Figure size 640x480 with 1 Axes>", "[<matplotlib.lines.Line2D at 0x7f12>]", OBJECT,
])  # fmt: skip
def test_what_only_names_an_object_is_left_out(plain: str):
    assert shown(text_plain=plain, image_png="iVBORw0K") == ""


@pytest.mark.parametrize("html", ["<div>" * 2_000, "<p>x</p>" * 200_000])
def test_a_page_that_cannot_be_read_is_left_out_alone(html: str):
    assert shown(text_plain=OBJECT, text_html=html) == ""


@pytest.mark.parametrize("plain", ["   a\n0  1", "<b> object", "a <x.y object> b"])
def test_plain_text_comes_before_a_page(plain: str):
    assert shown(text_plain=plain, text_html="<p>other</p>").split() == [
        "```text",
        *plain.split(),
        "```",
    ]
