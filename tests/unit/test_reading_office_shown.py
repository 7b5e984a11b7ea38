"""Of Office documents what a person is shown: nothing hidden or deleted, charts by their numbers."""

import io
import zipfile
from collections.abc import Callable

import docx
import openpyxl
import pptx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.presentation import read_presentation
from dagster_kb.readers.sheet_xml import SheetFacts
from dagster_kb.readers.word_document import read_word_document
from dagster_kb.readers.workbook import read_workbook


def saved(save: Callable[[io.BytesIO], None]) -> bytes:
    made = io.BytesIO()
    save(made)
    return made.getvalue()


def workbook(fill: Callable[..., None]) -> ParsedDocument:
    book = openpyxl.Workbook()
    fill(book.active)
    return read_workbook(saved(book.save))


def test_hidden_words_are_not_served():
    document = docx.Document()
    style = document.styles.add_style("Secret", WD_STYLE_TYPE.CHARACTER)
    style.font.hidden = True
    derived = document.styles.add_style("Derived", WD_STYLE_TYPE.CHARACTER)
    derived.base_style = style
    whole = document.styles.add_style("Whole", WD_STYLE_TYPE.PARAGRAPH)
    whole.font.hidden = True
    said = document.add_paragraph("Seen. ")
    said.add_run("SALARY 1").font.hidden = True
    said.add_run("SALARY 2", style="Secret")
    said.add_run("SALARY 3", style="Derived")
    said.add_run("Shown.", style="Secret").font.hidden = False
    document.add_paragraph("SALARY 4", style="Whole")
    assert read_word_document(saved(document.save)).text == "Seen. Shown."


def test_a_row_that_was_deleted_while_changes_are_tracked_is_not_served():
    document = docx.Document()
    table = document.add_table(5, 2)
    rows = (("Item", "Price"), ("pump", "5"), ("motor", "7"), ("fan", "8"), ("belt", "9"))
    for row, words in zip(table.rows, rows, strict=True):
        for cell, one in zip(row.cells, words, strict=True):
            cell.text = one
    for at, mark in ((2, "w:del"), (3, "w:hidden")):
        table.rows[at]._tr.get_or_add_trPr().append(OxmlElement(mark))
    table.cell(4, 1)._tc.get_or_add_tcPr().append(OxmlElement("w:cellDel"))
    text = read_word_document(saved(document.save)).text
    assert text == "| Item | Price |\n| --- | --- |\n| pump | 5 |\n| belt |  |"


def test_hidden_rows_and_columns_of_a_sheet_are_not_served_and_counted():
    def fill(sheet) -> None:
        for row in (["Item", "Net", "Margin"], ["pump", 100, 61], ["motor", 200, 62], ["secret", 1, 63]):  # fmt: skip
            sheet.append(row)
        sheet.column_dimensions["C"].hidden = True
        sheet.column_dimensions.group("E", "G", hidden=True)
        sheet.row_dimensions[4].hidden = True
        sheet.row_dimensions[9].hidden = True

    found = workbook(fill)
    assert found.text == "# Sheet\n\nItem: pump; Net: 100\nItem: motor; Net: 200"
    assert found.notes == ("left out: 1 hidden rows and 1 hidden columns",)


def test_formulas_without_a_value_are_counted():
    def fill(sheet) -> None:
        sheet.title = "Prices"
        sheet.append(["Item", "Net", "Gross"])
        for at in range(2, 10):
            sheet.append([f"pump {at}", at, f"=B{at}*1.19"])

    found = workbook(fill)
    assert found.text.startswith("# Prices\n\nItem: pump 2; Net: 2\n")
    (note,) = found.notes
    assert note.startswith("8 formulas have no value and say nothing: Prices!C2, Prices!C3, ")
    assert "Prices!C6, … → open it" in note


@pytest.mark.parametrize(("cell", "number"), [
    ('<c r="A1"><f>B1</f></c>', 1), ('<c r="A1"><f>B1</f><v/></c>', 1), ('<x:c r="A1"><x:f>B1</x:f><x:v></x:v></x:c>', 1),
    ('<c r="A1"><f t="shared" si="0"/><v /></c>', 1), ('<c r="A1"><f>B1</f><v>5</v></c>', 0),
    ('<c r="A1" t="str"><f>B1</f><v></v></c>', 0), ('<c r="A1"><v>5</v></c>', 0), ('<c r="A1"/>', 0)])  # fmt: skip
def test_what_a_formula_without_a_value_is(cell: str, number: int):
    found = SheetFacts.of(io.BytesIO(f"<row>{cell}</row>".encode()))
    assert (found.without_value, found.named) == (number, ["A1"] * number)


def test_a_large_sheet_is_looked_at_in_pieces_and_nothing_counts_twice():
    cells = "".join(f'<c r="A{at}"><f>B{at}+{"1" * (at % 90)}</f><v/></c>' for at in range(1, 60_000))  # fmt: skip
    xml = f'<row r="7" hidden="1">{cells}</row>'.encode()
    assert len(xml) > 3 << 20
    found = SheetFacts.of(io.BytesIO(xml))
    assert (found.without_value, found.rows) == (59_999, {7})


def test_the_numbers_of_a_chart_are_a_table():
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Sales"
    sold = CategoryChartData()
    sold.categories = ["East", "West"]
    sold.add_series("2023", (19.2, 21.4))
    sold.add_series("2024", (20.0, None))
    box = (Inches(1), Inches(2), Inches(6), Inches(4))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *box, sold).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Millions sold"
    measured = XyChartData()
    series = measured.add_series("Pressure")
    series.add_data_point(1.5, 2.5)
    slide.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, *box, measured)
    found = read_presentation(saved(deck.save))
    table = "|  | 2023 | 2024 |\n| --- | --- | --- |\n| East | 19.2 | 20 |\n| West | 21.4 |  |"
    points = "|  | Pressure |\n| --- | --- |\n| 1.5 | 2.5 |"
    assert found.text.startswith(f"# Sales\n\nChart: Millions sold\n\n{table}")
    assert found.text.endswith(points)
    assert {one.page for one in found.blocks} == {1}
    assert found.notes == ()


def test_a_chart_without_numbers_is_counted():
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Sales"
    empty = CategoryChartData()
    empty.categories = ["East"]
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(2), Inches(2), empty)
    found = read_presentation(saved(deck.save))
    assert found.text == "# Sales"
    assert found.notes[0].startswith("1 charts keep no values")


CHART = (
    '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart>'
    "<c:plotArea><c:barChart><c:ser><c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>Sold</c:v></c:pt>"
    "</c:strCache></c:strRef></c:tx><c:cat><c:strRef><c:strCache><c:pt idx='0'><c:v>East</c:v></c:pt>"
    "</c:strCache></c:strRef></c:cat><c:val><c:numRef><c:numCache><c:pt idx='0'>"
    "<c:v>21.399999999999999</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser></c:barChart>"
    "</c:plotArea></c:chart></c:chartSpace>"
)
DRAWING = (
    '<w:r xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:drawing>'
    '<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="{name}"/>'
    "</w:drawing></w:r>"
)


def test_a_chart_of_a_word_document_stands_where_it_was_drawn():
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part
    from docx.oxml import parse_xml

    document = docx.Document()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/chart"
    part = Part(PackURI("/word/charts/chart1.xml"), "application/vnd.openxmlformats-officedocument.drawingml.chart+xml", CHART.encode(), document.part.package)  # fmt: skip
    name = document.part.relate_to(part, kind)
    paragraph = document.add_paragraph("Above.")
    for one in (name, "rId999"):
        paragraph._p.append(parse_xml(DRAWING.format(name=one)))
    document.add_paragraph("Below.")
    data = saved(document.save)
    assert any("charts/chart1" in one for one in zipfile.ZipFile(io.BytesIO(data)).namelist())
    found = read_word_document(data)
    table = "|  | Sold |\n| --- | --- |\n| East | 21.4 |"
    assert found.text == f"Above.\n\n{table}\n\nBelow."
    assert found.notes[0].startswith("1 charts keep no values")


def test_a_shape_hidden_in_the_selection_pane_is_not_served():
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Sales"
    group = slide.shapes.add_group_shape()
    for shapes, words in ((slide.shapes, "SECRET 1"), (group.shapes, "SECRET 2"), (slide.shapes, "Seen.")):  # fmt: skip
        box = shapes.add_textbox(0, 0, Inches(1), Inches(1))
        box.text_frame.text = words
        if words == "SECRET 1":
            box._element.nvSpPr.cNvPr.set("hidden", "1")
    group._element.nvGrpSpPr.cNvPr.set("hidden", "1")
    assert read_presentation(saved(deck.save)).text == "# Sales\n\nSeen."
    slide.shapes.title._element.nvSpPr.cNvPr.set("hidden", "1")
    assert read_presentation(saved(deck.save)).text == "# Slide 1\n\nSeen."


def test_what_stands_higher_on_a_slide_is_no_part_of_the_number_before_it():
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    table = slide.shapes.add_table(1, 1, 0, 0, Inches(1), Inches(1)).table
    frames = slide.shapes.title.text_frame, table.cell(0, 0).text_frame
    for frame in frames:
        for words, baseline in (("10", None), ("6", "30000"), (" of H", "0"), ("2", "-25000"), ("O", None)):  # fmt: skip
            run = frame.paragraphs[0].add_run()
            run.text = words
            if baseline:
                run.font._element.set("baseline", baseline)
    read = read_presentation(saved(deck.save)).text
    assert (read.count("10^6 of H2O"), "106" in read) == (2, False)


def test_a_shape_with_the_number_of_the_title_is_not_lost():
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Sales"
    box = slide.shapes.add_textbox(0, 0, Inches(1), Inches(1))
    box.text_frame.text = "Copied."
    box._element.nvSpPr.cNvPr.set("id", str(slide.shapes.title.shape_id))
    assert read_presentation(saved(deck.save)).text == "# Sales\n\nCopied."


MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"


@pytest.mark.parametrize(("inner", "said"), [
    ('<w:r><w:sym w:font="Symbol" w:char="F0B3"/><w:t> 5</w:t></w:r>', "≥ 5"),
    ('<w:r><w:t>20 </w:t><w:sym w:font="Symbol" w:char="00B0"/><w:t>C</w:t></w:r>', "20 °C"),
    ('<w:r><w:sym w:font="Wingdings" w:char="F0A7"/><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>', "✓"),
    ('<w:r><w:sym w:font="MS Gothic" w:char="2612"/><w:sym w:font="x" w:char="D812"/><w:sym w:char="?"/></w:r>', "☒"),
    ("<m:oMath><m:r><m:t>E=mc</m:t></m:r></m:oMath>", "E=mc"),
    ("<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath>", "(1)/(2)"),
    ("<m:oMath><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath>", "x^(2)"),
    ('<m:oMath><m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub/><m:sup/><m:e><m:d><m:e><m:r><m:t>x</m:t></m:r></m:e></m:d></m:e></m:nary></m:oMath>', "∑(x)"),
])  # fmt: skip
def test_signs_and_equations_are_words(inner: str, said: str):
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    document = docx.Document()
    document.element.body.insert(
        0, parse_xml(f'<w:p {nsdecls("w")} xmlns:m="{MATH}">{inner}</w:p>')
    )
    assert read_word_document(saved(document.save)).text == said


def test_a_paragraph_that_was_moved_is_served_where_it_is_now():
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    document = docx.Document()
    for tag, words in (("moveFrom", "gone"), ("moveTo", "here")):
        moved = f"<w:{tag} {nsdecls('w')}><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:{tag}>"
        document.element.body.insert(0, parse_xml(moved))
    assert read_word_document(saved(document.save)).text == "here"
