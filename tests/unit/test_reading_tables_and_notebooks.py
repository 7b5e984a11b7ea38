import json
import time

import pytest

from dagster_kb.readers.delimited import read_delimited
from dagster_kb.readers.markdown import read_markdown
from dagster_kb.readers.mdx import read_mdx
from dagster_kb.readers.notebook import read_notebook
from kb_contract.errors import BadDocument
from tests.doubles.sample_documents import notebook


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_row_is_understood_alone(delimiter: str):
    rows = [["name", "price"], ["a b", "1.50"], ["", "2"], ["line\nend", "3"]]
    data = "\r\n".join(delimiter.join(f'"{one}"' for one in row) for row in rows)
    assert read_delimited(data.encode()).text == (
        "name: a b; price: 1.50\nprice: 2\nname: line end; price: 3"
    )


def test_each_line_of_a_very_wide_row_names_what_the_row_is_about():
    names = ["Unit", *(f"col{at}" for at in range(300))]
    rows = [[f"pump {row}", *(f"v{row}_{at}" for at in range(300))] for row in range(3)]
    lines = read_delimited("\n".join(map(",".join, [names, *rows])).encode()).text.splitlines()
    assert all(line.startswith("Unit: pump ") and len(line) <= 420 for line in lines)
    for row in range(3):
        own = [line for line in lines if line.startswith(f"Unit: pump {row};")]
        said = [one for line in own for one in line.split("; ")[1:]]
        assert said == [f"col{at}: v{row}_{at}" for at in range(300)]


def test_columns_without_names_have_letters():
    assert read_delimited(b"1,2\n3,4\n").text == "A: 1; B: 2\nA: 3; B: 4"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("Plan,2GB,4GB\nPrice,$5,$9\nSeats,1,3", "Plan: Price; 2GB: $5; 4GB: $9"),
        ("Age,0-14,15-64,65+\nShare,20,60.5,20", "Age: Share; 0-14: 20; 15-64: 60.5; 65+: 20"),
        ("Metric,30d,90d\nUsers,100,200", "Metric: Users; 30d: 100; 90d: 200"),
        ("Name,Amount,Amount\nAnn,3,4", "Name: Ann; Amount: 3; Amount (2): 4"),
        ("Shop,2019,2020\nA,3,4", "Shop: A; 2019: 3; 2020: 4"),
        # Rows of one kind have no names above them.
        ("Pear,$3,$4\nPlum,$5,$12.50", "A: Pear; B: $3; C: $4"),
        ("Ann,30d\nBob,90d", "A: Ann; B: 30d"),
        ("Ann,yes,yes\nBob,no,yes", "A: Ann; B: yes; C: yes"),
        ("Mon,1,2\nTue,3,4.5", "A: Mon; B: 1; C: 2"),
        ("30d,90d\n1,2", "A: 30d; B: 90d"),
    ],
)
def test_the_first_row_names_the_columns_where_it_is_unlike_the_others(rows: str, said: str):
    assert read_delimited(rows.encode()).text.splitlines()[0] == said


def test_a_long_table_is_many_blocks_of_whole_rows():
    data = "id,word\n" + "".join(f"{one},w{one}\n" for one in range(1000))
    parsed = read_delimited(data.encode())
    assert len(parsed.blocks) == 5
    assert parsed.text.splitlines()[-1] == "id: 999; word: w999"


def test_what_is_no_table_is_refused():
    with pytest.raises(BadDocument, match="not UTF-8"):
        read_delimited(b"a,\xff")
    with pytest.raises(BadDocument, match="line 1: field larger"):
        read_delimited(b'"' + b"a" * 200_000)


def test_a_notebook_keeps_code_words_and_short_outputs():
    text = read_notebook(notebook()).text
    assert "```python\nkeep = 15" in text
    assert "```text\nkept\n```" in text
    assert "ZeroDivisionError: division by zero" in text
    for left_out in ["traceback", "iVBO", "\x1b"]:
        assert left_out not in text


def test_a_huge_output_is_cut():
    output = {"output_type": "stream", "text": ["x" * 1_000_000]}
    parsed = read_notebook(
        notebook([{"cell_type": "code", "source": "a", "outputs": [output] * 9}])
    )
    assert len(parsed.text) < 2_200


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"nbformat": 3, "worksheets": []}', b"{", b"[" * 100_000,
    b'{"nbformat": 4, "cells": [1]}', b'{"nbformat": 4, "cells": 7}'])  # fmt: skip
def test_what_is_no_notebook_is_refused(data: bytes):
    with pytest.raises(BadDocument) as refusal:
        read_notebook(data)
    assert refusal.value.cure


TWICE = [
    '"metadata": {"status": "draft"}, "metadata": {}, "cells": []',
    '"metadata": {"status": "draft", "status": "published"}, "cells": []',
    '"cells": [], "cells": [{"cell_type": "raw", "source": "a"}]',
    '"cells": [{"cell_type": "raw", "metadata": {"tags": [], "tags": []}, "source": "a"}]',
    '"cells": [{"cell_type": "raw", "source": "---\\nstatus: draft\\n---", "source": "a"}]',
]


@pytest.mark.parametrize("said", TWICE)
def test_a_key_of_a_notebook_that_is_there_twice_is_refused(said: str):
    with pytest.raises(BadDocument, match="has a key twice") as refusal:
        read_notebook(f'{{"nbformat": 4, {said}}}'.encode())
    assert refusal.value.cure


def test_a_key_of_an_output_may_be_there_twice():
    output = '{"output_type": "stream", "text": "a", "text": "kept"}'
    cell = f'{{"cell_type": "code", "source": "1", "outputs": [{output}]}}'
    assert "kept" in read_notebook(f'{{"nbformat": 4, "cells": [{cell}]}}'.encode()).text


def test_odd_cells_never_surprise():
    cells = [{"cell_type": "code", "source": 7, "outputs": [3, {"data": []}]}, {}, {"cell_type": "raw",
             "source": "\ud800 raw"}, {"cell_type": "markdown", "source": ["---\n", "no front matter"]}]  # fmt: skip
    text = read_notebook(json.dumps(
        {"nbformat": 4, "metadata": [], "cells": cells}).encode()).text  # fmt: skip
    assert text == " raw\n\n---\n\nno front matter"


SHOWN = "---\ntitle: Shown\nstatus: draft\naudience: [hr]\n---\n"


def book(*cells: tuple[str, str], **about: object) -> bytes:
    said = [{"cell_type": kind, "source": source} for kind, source in cells]
    return json.dumps({"nbformat": 4, "metadata": about, "cells": said}).encode()


@pytest.mark.parametrize("above", [
    [("raw", "---\ntitle: Own\n---\n")], [("raw", "Example:")], [("markdown", "# How\n\nWrite it so:")],
    [("code", "1 + 1")], [("raw", "---\ntitle: Own\n---\n"), ("raw", "x: [")],
])  # fmt: skip
def test_front_matter_that_a_notebook_shows_is_its_words(above: list[tuple[str, str]]):
    parsed = read_notebook(book(*above, ("raw", SHOWN), ("raw", SHOWN)))
    assert parsed.text.count("audience: [hr]") == 2
    assert (parsed.front_matter.status, parsed.front_matter.audience) == (
        "published",
        ("everyone",),
    )


@pytest.mark.parametrize(
    "above", ["", " \n", "# Title", "Title\n=====\n", "[![Run](a)](b)\n\n## Part"]
)
def test_the_first_raw_cell_below_titles_speaks_of_the_notebook(above: str):
    parsed = read_notebook(book(("markdown", above), ("raw", "\n"), ("raw", SHOWN)))
    assert (parsed.front_matter.status, parsed.front_matter.audience) == ("draft", ("hr",))


@pytest.mark.parametrize("about", [
    {"hidden": True}, {"private": True}, {"published": {"url": "x"}}, {"published": "https://x"}, {"status": {"x": 1}},
    {"status": 1.5}, {"status": "ok"}, {"draft": None}, {"published": None}, {"expires": {}}, {"agent_id": None},
])  # fmt: skip
def test_what_programs_write_into_a_notebook_holds_nothing_back(about: dict[str, object]):
    front = read_notebook(book(("markdown", "words"), **about)).front_matter
    assert (front.status, front.audience) == ("published", ("everyone",))


@pytest.mark.parametrize("said", [None, {}, [], "general"])
def test_an_audience_in_a_notebook_that_is_not_clear_is_refused(said: object):
    with pytest.raises(BadDocument, match="audience"):
        read_notebook(book(("markdown", "words"), audience=said))
    with pytest.raises(BadDocument, match="audiences"):
        read_notebook(book(("markdown", "words"), audiences=["hr"]))


MDX = """import X from 'x'
import {
  Y } from 'y'

export const meta = {
  a: 1,

  b: [2],
}

# Title

{/* not seen */}

<Tabs>
  <Tab>

## Inside

Words of it, and 2 < 3 {props.name}

  </Tab>
</Tabs>

export default ({ children }) => <div>{children}</div>

The import of goods is prose. export too.

```js
import kept from 'code'
```
"""


def test_mdx_leaves_out_what_is_program_and_keeps_the_rest():
    parsed = read_mdx(MDX.encode())
    said = [MDX[one.start : one.end] for one in parsed.blocks]
    for left_out in ["import X", "Y }", "meta", "b: [2]", "not seen", "export default"]:
        assert not any(left_out in one for one in said)
    for kept in [
        "# Title",
        "## Inside",
        "<Tabs>",
        "2 < 3 {props.name}",
        "import of goods",
        "import kept",
    ]:
        assert any(kept in one for one in said)
    assert parsed.title == "Title"


def test_an_export_that_never_ends_leaves_out_its_own_lines_only():
    text = "export const a = {\n\n" + "words here\n\n" * 300
    assert len(read_mdx(text.encode()).blocks) == 300


GFM = """\
- [ ] open task
- [x] done task

| a | b |
|:--|--:|
| `x | y` | ~~old~~ |

A note[^1] and www.example.com and <https://example.com>.

[^1]: Said below, in words.

[^2]: https://example.com

> [!WARNING]
> Mind the gap.

<!-- a comment -->
"""


def test_github_flavour_loses_nothing_but_comments():
    parsed = read_markdown(GFM.encode())
    said = [(one.kind, GFM[one.start : one.end]) for one in parsed.blocks]
    assert [kind for kind, _ in said] == [
        "list", "table", "prose", "prose", "prose", "quote"
    ]  # fmt: skip
    assert said[3][1] == "[^1]: Said below, in words."
    assert said[4][1] == "[^2]: https://example.com"


def test_a_whole_article_in_a_cell_is_kept():
    article = " ".join(f"w{one}" for one in range(2000))
    text = read_delimited(f"id,body\n1,{article}\n2,short\n".encode()).text
    assert text == f"id: 1; body: {article}\nid: 2; body: short"


def test_an_inch_in_a_table_of_tabs_swallows_no_rows():
    rows = b'id\tsize\n1\t"5 inch\n2\t6\n3\t7\n'
    assert (
        read_delimited(rows, delimiter="\t").text
        == 'id: 1; size: "5 inch\nid: 2; size: 6\nid: 3; size: 7'
    )
    quoted = b'id\tsize\n1\t"5\tinch"\n2\t"6"\n'
    assert read_delimited(quoted, delimiter="\t").text == "id: 1; size: 5 inch\nid: 2; size: 6"


def test_a_notebook_may_begin_with_a_byte_order_mark():
    assert read_notebook(b"\xef\xbb\xbf" + notebook()).text == read_notebook(notebook()).text


@pytest.mark.parametrize("prose", ["import type declarations need care.", "import data with 'kb' here",
    "export default settings are fine.", "importing is easy"])  # fmt: skip
def test_prose_that_begins_as_a_module_does_is_kept(prose: str):
    parsed = read_mdx(f"# T\n\n{prose}\n".encode())
    assert parsed.text[parsed.blocks[-1].start : parsed.blocks[-1].end] == prose


@pytest.mark.parametrize("line", ["import 'x.css'", "import A, {\n  B\n} from \"./b\"", "import type {A} from 'a'",
    "export default Layout", "export default ({children}) => <A>{children}</A>", "export const a = 1"])  # fmt: skip
def test_a_line_of_a_module_is_no_content(line: str):
    assert [one.kind for one in read_mdx(f"{line}\n\n# T\n".encode()).blocks] == ["heading"]


def test_a_very_wide_table_takes_bounded_time():
    names = ",".join(["sample", *(f"g{at}" for at in range(20_000)), "g1"])
    rows = ("s," + ",".join(["1.5"] * 20_001) + "\n") * 3
    began = time.thread_time()
    text = read_delimited(f"{names}\n{rows}".encode()).text
    assert time.thread_time() - began < 5
    assert text.endswith("g1 (2): 1.5")


def test_a_heading_of_a_notebook_keeps_its_words():
    def text(source: str) -> str:
        cell = {"cell_type": "markdown", "source": source, "metadata": {}}
        return read_notebook(json.dumps({"nbformat": 4, "metadata": {}, "cells": [cell]}).encode()).text  # fmt: skip

    long = "word " * 60 + "END"
    assert text(f"{long}\n---\nmore") == f"## {long}\n\nmore"
    assert text("## [A](https://a.example) *b*") == "## [A](https://a.example) *b*"
    assert text("# T\n\n##\n\nwords") == "# T\n\nwords"


@pytest.mark.parametrize("below", ["", "\n<p>A badge</p>"])
def test_a_title_in_html_is_one_in_a_notebook_too(below: str):
    html = f"<h1>Main <b>title</b></h1>{below}"
    parsed = read_notebook(book(("markdown", html), ("markdown", "## Sub\n\nwords"), ("markdown", "<h2>Next</h2>\n\nmore")))  # fmt: skip
    assert parsed.title == "Main title"
    assert parsed.text == f"{html}\n\n## Sub\n\nwords\n\n<h2>Next</h2>\n\nmore"
    assert [one.heading_path[1:] for one in parsed.blocks] == [(), ("Sub",), ("Sub",), ("Next",), ("Next",)]  # fmt: skip


def test_markdown_that_a_cell_shows_is_read():
    data = {"text/markdown": ["The **answer** is 42"], "text/plain": ["<IPython.core.display.Markdown object>"]}  # fmt: skip
    cell = {"cell_type": "code", "source": "show()", "outputs": [{"output_type": "display_data", "data": data}]}  # fmt: skip
    text = read_notebook(json.dumps({"nbformat": 4, "metadata": {}, "cells": [cell]}).encode()).text
    assert text.endswith("```text\nThe **answer** is 42\n```")
