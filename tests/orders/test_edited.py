"""Workbooks as planners and other programs leave them: read right, or refused cell by cell."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter

from targeting.orders.edited import Edited, read_edited
from targeting.problems import Refused
from tests.orders.conftest import RUN, MadeRun, Sheet


def orders(edited: Edited) -> dict[str, int]:
    return dict(edited.lines.select("id", "order").iter_rows())


def reasons(edited: Edited) -> dict[str, str]:
    return dict(edited.lines.drop_nulls("reason").select("id", "reason").iter_rows())


def refused(path: Path) -> list[str]:
    with pytest.raises(Refused) as caught:
        read_edited(path)
    return [f"{problem.code} {problem.message}" for problem in caught.value.problems]


def test_the_run_s_own_workbook_says_what_was_suggested(
    made: MadeRun, suggested: dict[str, int]
) -> None:
    edited = read_edited(made.book)
    assert edited.run_id == RUN
    assert orders(edited) == suggested
    assert (edited.notes, reasons(edited)) == ((), {})


def test_columns_are_found_wherever_they_were_moved_to(made: MadeRun) -> None:
    place: list[int] = []

    def turn_round(sheet: Sheet) -> None:
        sheet.put("steady␟L", "Order", 18)
        place.append(sheet.page.max_column + 1 - sheet.place("Order"))
        for row in sheet.page.iter_rows():
            old = [(cell.value, cell.data_type) for cell in row][::-1]
            for cell, (value, kind) in zip(row, old, strict=True):
                cell.value = value
                cell.data_type = kind  # a text that looks like a formula stays a text

    edited = read_edited(made.edited(turn_round))
    assert orders(edited)["steady␟L"] == 18
    assert edited.cells.name("order", 2) == f"Suggestions!{get_column_letter(place[0])}2"


def test_rows_may_be_sorted_hidden_or_moved_down(made: MadeRun) -> None:
    def disturb(sheet: Sheet) -> None:
        order = sheet.place("Order")
        sheet.put("steady␟L", "Order", 18)
        sheet.page.row_dimensions[sheet.row("steady␟L")].hidden = True
        sheet.page.insert_rows(1, 3)
        sheet.page["A1"] = "What we order on Monday"
        sheet.page.cell(sheet.page.max_row + 2, order).value = 999  # a total of theirs

    edited = read_edited(made.edited(disturb))
    assert orders(edited)["steady␟L"] == 18
    assert edited.lines.height == 7


def test_a_header_may_be_spelled_in_other_letters_and_spaces(made: MadeRun) -> None:
    def spell(sheet: Sheet) -> None:
        sheet.page.cell(1, sheet.place("Order")).value = " ORDER\n"

    assert orders(read_edited(made.edited(spell)))["steady␟L"] == 12


def test_a_column_or_a_comment_says_why(made: MadeRun) -> None:
    def explain(sheet: Sheet) -> None:
        last = sheet.page.max_column + 1
        sheet.page.cell(1, last).value = "Why"
        sheet.page.cell(sheet.row("wild␟L"), last).value = "a fair\non Sunday"
        for line, text in {
            "wild␟L": "not read",
            "steady␟L": "Zoe:\nthe supplier is closed",
        }.items():
            cell = sheet.page.cell(sheet.row(line), sheet.place("Order"))
            cell.comment = Comment(text, "Zoe")

    assert reasons(read_edited(made.edited(explain))) == {
        "wild␟L": "a fair on Sunday",
        "steady␟L": "the supplier is closed",
    }


def test_numbers_as_text_and_empty_orders_are_read_and_said(made: MadeRun) -> None:
    def type_texts(sheet: Sheet) -> None:
        sheet.put("steady␟L", "Order", " 1,200 ")
        sheet.put("wild␟L", "Order", None)

    edited = read_edited(made.edited(type_texts))
    assert (orders(edited)["steady␟L"], orders(edited)["wild␟L"]) == (1200, 0)
    cells = {name: edited.cells.name("order", row) for name, row in
             edited.lines.select("id", "row").iter_rows()}  # fmt: skip
    assert edited.notes == (
        f"Order: a number typed as text is read: {cells['steady␟L']}",
        f"an empty Order is 0: {cells['wild␟L']}",
    )


def test_a_column_of_inputs_that_is_gone_is_taken_as_it_was(made: MadeRun) -> None:
    def delete(sheet: Sheet) -> None:
        sheet.page.cell(1, sheet.place("Reserved")).value = None

    edited = read_edited(made.edited(delete))
    assert edited.lines["reserved"].null_count() == edited.lines.height
    assert edited.notes == ("columns that are gone are taken as they were: Reserved",)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("12 pcs", "holds the text '12 pcs', not a number"),
        ("#REF!", "holds the error #REF! of a formula"),
        (-6, "holds -6, and nothing here can be below 0"),
        (2.5, "holds 2.5, and only whole units can be ordered"),
        (True, "holds TRUE, which is no number"),
        (dt.date(2026, 12, 1), "holds a date or time (2026-12-01 00:00:00), not a number"),
        ("=6*3", "holds a formula that was never calculated"),
    ],
)
def test_what_is_no_quantity_is_refused_with_its_cell(
    made: MadeRun, value: object, why: str
) -> None:
    cells: list[str] = []
    path = made.edited(lambda sheet: cells.append(sheet.put("steady␟L", "Order", value)))
    assert refused(path) == [f"O004 {cells[0]} {why}"]


def test_inputs_are_checked_like_the_order_and_all_cells_are_told_at_once(made: MadeRun) -> None:
    cells: list[str] = []

    def spoil(sheet: Sheet) -> None:
        cells.append(sheet.put("steady␟L", "On hand", "lots"))
        cells.append(sheet.put("wild␟L", "Service level", 95))
        cells.append(sheet.put("wild␟M", "Order", "-"))
        cells.append(sheet.put("free␟L", "Lead time days", -1))

    found = refused(made.edited(spoil))
    assert sorted(message.split()[1] for message in found) == sorted(cells)


def test_twenty_cells_are_shown_and_the_rest_counted(made: MadeRun) -> None:
    def spoil(sheet: Sheet) -> None:
        for header in ("Order", "On hand", "On order", "Service level"):
            for row in range(2, 9):
                sheet.page.cell(row, sheet.place(header)).value = "?"

    found = refused(made.edited(spoil))
    assert len(found) == 21
    assert found[-1] == "O004 8 more cells are not right, from here on"


def test_a_formula_s_calculated_value_is_taken(made: MadeRun, tmp_path: Path) -> None:
    from xlsxwriter import Workbook

    path = tmp_path / "formulas.xlsx"
    with Workbook(path) as book:
        summary, sheet = book.add_worksheet("Summary"), book.add_worksheet("Suggestions")
        summary.write_row(0, 0, ["Run", RUN])
        sheet.write_row(0, 0, ["Line id", "Order"])
        sheet.write(1, 0, "steady␟L")
        sheet.write_formula(1, 1, "=6*3", None, 18)
    assert orders(read_edited(path)) == {"steady␟L": 18}


def rename_sheet(sheet: Sheet) -> None:
    sheet.page.title = "Orders"


def rename_order(sheet: Sheet) -> None:
    sheet.page.cell(1, sheet.place("Order")).value = "Quantity"


def lose_ids(sheet: Sheet) -> None:
    sheet.page.delete_cols(1)


def order_twice(sheet: Sheet) -> None:
    sheet.page["CZ1"] = "Order"


def line_twice(sheet: Sheet) -> None:
    sheet.page.cell(8, 1).value = sheet.page.cell(3, 1).value


def lose_a_text_that_looks_like_a_formula(sheet: Sheet) -> None:
    for place in (1, 2):  # as typed anew: openpyxl makes a formula of it
        sheet.page.cell(2, place).value = sheet.page.cell(2, place).value


def add_product(sheet: Sheet) -> None:
    sheet.page.cell(9, 2).value = "new thing"
    sheet.page.cell(9, sheet.place("Order")).value = 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rename_sheet, "O003 there is no sheet 'Suggestions'"),
        (rename_order, "O003 the sheet Suggestions has no column 'Order' any more"),
        (lose_ids, "O003 the sheet Suggestions has no column 'Line id', by which lines are known"),
        (
            order_twice,
            "O003 'Order' heads more than one column: Suggestions!{order}1, Suggestions!CZ1",
        ),
        (line_twice, "O005 Suggestions!A8 is the line of row 3 once more"),
        (
            lose_a_text_that_looks_like_a_formula,
            "O005 Suggestions!{order}2 orders something in a row that has no line id",
        ),
        (
            add_product,
            "O005 Suggestions!{order}9 orders something in a row that has no line id",
        ),
    ],
)
def test_a_sheet_that_lost_its_form_is_refused(
    made: MadeRun, change: Callable[[Sheet], None], message: str
) -> None:
    place: list[str] = []

    def spoil(sheet: Sheet) -> None:
        place.append(get_column_letter(sheet.place("Order")))
        change(sheet)

    path = made.edited(spoil)
    assert refused(path) == [message.format(order=place[0])]


def without_summary(book: Any) -> None:
    del book["Summary"]


def without_run(book: Any) -> None:
    book["Summary"]["A3"] = "Walk"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_summary, "O003 there is no sheet 'Summary'"),
        (without_run, "O002 the sheet Summary names no run, so nobody can tell what was suggested"),
    ],
)
def test_a_workbook_must_name_its_run(
    made: MadeRun, change: Callable[[Any], None], message: str
) -> None:
    book = load_workbook(made.book)
    change(book)
    book.save(made.shop / "x.xlsx")
    assert refused(made.shop / "x.xlsx") == [message]


@pytest.mark.parametrize("damage", ["no zip", "cut off", "another zip", "a broken sheet"])
def test_a_file_that_is_no_workbook_is_refused(made: MadeRun, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "x.xlsx"
    whole = made.book.read_bytes()
    if damage == "no zip":
        path.write_text("product,order\n")
    elif damage == "cut off":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "another zip":
        shutil.make_archive(str(tmp_path / "x"), "zip", made.folder / "inputs")
        (tmp_path / "x.zip").rename(path)
    else:
        at = whole.index(b"xl/worksheets/sheet2.xml") + 200
        path.write_bytes(whole[:at] + bytes(400) + whole[at + 400 :])
    (found,) = refused(path)
    assert found.startswith("O001 this is no workbook that can be read")


@pytest.fixture(scope="session")
def soffice() -> str:
    found = shutil.which("soffice")
    if found is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    return found


def test_a_workbook_saved_by_libreoffice_is_read_as_it_was_edited(
    made: MadeRun, suggested: dict[str, int], soffice: str, tmp_path: Path
) -> None:
    def edit(sheet: Sheet) -> None:
        sheet.put("steady␟L", "Order", "=6*4")
        sheet.put("wild␟M", "Service level", 0.99)
        sheet.page.delete_rows(sheet.row("dead␟L"))
        cell = sheet.page.cell(sheet.row("free␟L"), sheet.place("Order"))
        cell.comment = Comment("a gift a day", "Zoe")

    into = tmp_path / "saved"
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    subprocess.run(
        [soffice, profile, "--headless", "--convert-to", "xlsx", "--outdir", into, made.edited(edit)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    edited = read_edited(into / "monday.xlsx")
    assert edited.run_id == RUN
    assert "dead␟L" in suggested
    assert orders(edited) | {"dead␟L": suggested["dead␟L"]} == suggested | {"steady␟L": 24}
    assert edited.lines.height == len(suggested) - 1
    assert reasons(edited) == {"free␟L": "a gift a day"}
    levels = dict(edited.lines.select("id", "service_level").iter_rows())
    assert levels["wild␟M"] == 0.99
    assert edited.notes == ()
