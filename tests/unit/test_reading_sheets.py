"""Sheets: numbers as they are shown, and a lone column of sentences."""

from typing import Any

import openpyxl
import pytest

from dagster_kb.readers.delimited import read_delimited
from dagster_kb.readers.number_formats import as_shown
from dagster_kb.readers.workbook import read_workbook
from tests.unit.test_reading_office_shown import saved


@pytest.mark.parametrize(("number", "number_format", "said"), [
    (0.155, "0%", "15.5%"), (0.07 * 1.1, "0.00%", "7.7%"), (1, "0%", "100%"), (-0.5, "0%;[Red]-0%", "-50%"),
    (1234.5, "#,##0.0 %_)", "123450%"), (1e-9, "0%", "0.0000001%"), (0, "0%", "0%"),
    (1067, "00000", "01067"), (1067.0, "[$-407]00000", "01067"), (123456, "00000", "123456"), (42, '"INV-"0000', "INV-0042"),
    (123456789, "00000-0000", "12345-6789"), (78051120, r"000\-00\-0000", "078-05-1120"), (7, "_-00_-", "07"),
    # The bare number is told.
    (0.155, "General", None), (5, "0", None), (5.5, "00", None), (-5, "00", None), (5, "0.00", None), (5, "#,##00", None),
    (5, "# ?/?", None), (5, "0.00E+00", None), (15.5, '0.0"%"', None), (15.5, r"0.0\%", None), (5, "@", None), (5, "", None),
    (0.5, "[<1]0%;0", None), (1e300, "0%", None), (5, "00:00", None)])  # fmt: skip
def test_a_number_is_said_as_it_is_shown(number: float, number_format: str, said: str | None):
    assert as_shown(number, number_format) == said


def test_shares_and_codes_of_a_workbook_keep_their_form():
    book = openpyxl.Workbook()
    sheet: Any = book.active
    for row in (["City", "Postcode", "Share", "Net"], ["Dresden", 1067, 0.155, 0.155], [None, 1069, 0.2, 3]):  # fmt: skip
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    for row in sheet["B2:C3"]:
        row[0].number_format, row[1].number_format = "00000", "0.0%"
    assert read_workbook(saved(book.save)).text.splitlines()[2:] == [
        "City: Dresden; Postcode: 01067; Share: 15.5%; Net: 0.155",
        "City: Dresden; Postcode: 01069; Share: 20%; Net: 3",
    ]


@pytest.mark.parametrize(("value", "number_format", "seen"), [
    (4711, ";;;", False), (4711, ";;;@", False), (-4711, ";;", False), ("4711", ";;;", False),
    (4711.5, "0;;", True), ("4711", ";;;@", True), (4711, "General", True),
])  # fmt: skip
def test_what_a_format_hides_is_not_served(value: float | str, number_format: str, seen: bool):
    book = openpyxl.Workbook()
    sheet: Any = book.active
    for row in (["Name", "Pay"], ["Ann", value], ["Bob", 1]):
        sheet.append(row)
    sheet["B2"].number_format = number_format
    assert ("4711" in read_workbook(saved(book.save)).text) is seen


@pytest.mark.parametrize("first", ["Do not use for taxes.", "Ask Bob about every refund", "Who is asked?"])  # fmt: skip
def test_the_first_of_many_sentences_names_none_of_them(first: str):
    assert read_delimited(f"{first}\nSend them to Ann.\n".encode()).text == (
        f"{first}\nSend them to Ann."
    )


def test_a_lone_column_may_have_a_name():
    assert read_delimited(b"House rules\nSend them to Ann.\n").text == (
        "House rules: Send them to Ann."
    )
