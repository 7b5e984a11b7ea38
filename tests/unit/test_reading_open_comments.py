"""A comment that is never closed leaves out the rest of a page or of a cell, and is told."""

import json

import pytest

from dagster_kb.readers.html_page import read_html
from dagster_kb.readers.notebook import read_notebook


@pytest.mark.parametrize(("page", "line"), [
    ("<p>Seen.</p>\n<!-- old\n<p>Lost.</p></body></html>\n", 2),
    ("<table><tr><td>Seen.</td></tr>\r\n<!-- old\r\n<tr><td>Lost.</td></tr></table>", 2),
    ("<body><p>Seen.</p></body>\n</html>\n\n<!-- old <!-- Lost. --", 4),
    ("---\ntitle: A page\n---\n<ul><li>Seen.<!-- Lost.", 4)])  # fmt: skip
def test_a_page_that_ends_in_a_comment_says_so(page: str, line: int):
    found = read_html(page.encode())
    assert "Seen." in found.text
    assert "Lost" not in found.text
    (note,) = found.notes
    assert note.startswith(f"line {line}: a comment is opened here and never closed")


@pytest.mark.parametrize("page", [
    "<p>Seen.</p><!-- old -->", "<p>Seen.</p><!-- old --!>\n", "<p>Seen.<!-->", "<p>Seen.<!--->",
    "<p>Seen.</p><!-- old --><script>var a = '<!--'</script>", "<p title='<!-- old'>Seen.</p><!-- old -->",
    "<p>Seen.</p><!-- old -->\n</body></html><!-- old -->"])  # fmt: skip
def test_a_comment_that_is_closed_is_not_told(page: str):
    assert read_html(page.encode()).notes == ()


def test_a_comment_ends_with_its_cell():
    above = {"cell_type": "markdown", "source": "---\ntitle: A page\n---\n# Top\n<!-- Lost."}
    cells = [above] + [{"cell_type": "markdown", "source": one} for one in
             ("# Gateway <!-- closed -->", "Seen.\n\n<!-- old\nLost.", "Kept.")]  # fmt: skip
    found = read_notebook(json.dumps({"nbformat": 4, "cells": cells}).encode())
    assert found.text == "# Top\n\n# Gateway\n\nSeen.\n\nKept."
    assert [one.partition(": ")[0] for one in found.notes] == ["cell 0, line 5", "cell 2, line 3"]
