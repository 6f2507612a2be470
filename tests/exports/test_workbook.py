from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from targeting.exports.planner.columns import LINE_COLUMNS
from targeting.exports.workbook import suggestion_csv, write_workbook
from targeting.stock.products import product_table
from targeting.stock.suggest import Suggestions, suggest
from targeting.workspace.settings import Ordering, Shop

AS_OF = dt.date(2026, 11, 24)
SHOP = Shop(name="Bits & Bobs", currency="PKR", region="PK", locale="en_PK")
BUDGET = Decimal(2000)
# its data bars are an extension that openpyxl does not read, and says so
SAVED_BY_LIBREOFFICE = pytest.mark.filterwarnings("ignore:.*extension is not supported")
SHEETS = [
    "Summary",
    "Suggestions",
    "By category",
    "By segment",
    "Overstock",
    "Assumptions",
    "Data problems",
]


def sales(product: str, weeks: list[int], location: str) -> pl.DataFrame:
    days = [AS_OF - dt.timedelta(weeks=age) for age in range(len(weeks))]
    return pl.DataFrame(
        {
            "purchased_on": days,
            "amount": [100_00 * units for units in weeks],
            "quantity": [float(units) for units in weeks],
            "product_id": product,
            "location": location,
            "customer_id": "ann",
        }
    ).filter(pl.col("quantity") > 0)


@pytest.fixture(scope="module")
def suggestions() -> Suggestions:
    """Six lines: steady, wild, rare, too much, a name that looks like a formula, no cost."""
    purchases = pl.concat(
        [
            sales("steady", [4] * 30, "L"),
            sales("wild", [9, 0, 3, 14, 1, 0, 7, 2] * 4, "L"),
            sales("wild", [1, 5, 2, 0, 4, 4, 3, 8] * 4, "M"),
            sales("rare", [0, 0, 0, 0, 3] * 6, "M"),
            sales("plenty", [1] * 30, "L"),
            sales("=cmd", [2, 3] * 15, "L"),
        ]
    )
    names = ["steady", "wild", "rare", "plenty", "=cmd"]
    products = pl.DataFrame(
        {
            "product_id": names,
            "product": ["Steady cable", "Wild phone", "Rare lens", "Plenty", "=cmd|' /C calc'!A0"],
            "category": ["Cables", "Phones", ">5", "Cables", "=1+1"],
            "unit_cost": [40_00, 62_50, 55_00, 30_00, None],
            "price": [100_00] * 5,
            "pack_size": [6.0, 4.0, 1.0, 1.0, 5.0],
            "minimum_order": [0.0, 8.0, 0.0, 0.0, 0.0],
            "lead_time_days": [14.0, 10.0, 21.0, 7.0, 14.0],
            "lead_time_sd_days": [0.0, 3.0, 2.0, 0.0, 1.0],
            "shelf_life_days": [None, None, 700.0, None, 21.0],
        }
    )
    stock = pl.DataFrame(
        {
            "product_id": ["steady", "wild", "wild", "rare", "plenty", "=cmd"],
            "location": ["L", "L", "M", "M", "L", "L"],
            "on_hand": [3.0, 10.0, 0.0, 2.0, 60.0, 1.0],
            "reserved": [0.0, 2.0, 0.0, 0.0, 0.0, 0.0],
        }
    )
    customers = pl.DataFrame({"customer_id": ["ann"], "segment": ["Loyal"]})
    ordering = Ordering(budget=BUDGET)
    table = product_table(purchases, products, stock, customers, AS_OF)
    rules = pl.DataFrame(
        {
            "product_id": ["wild", "rare"],
            "location": ["L", "M"],
            "service_level": [0.99, None],
            "order_at_most_units": [30.0, 2.0],
            "rule": ["service level: keep; order limit: keep", "order limit: keep"],
        }
    )
    return suggest(table, rules, ordering, AS_OF, digits=2)


def write(path: Path, suggestions: Suggestions, most_lines: int = 10_000) -> Path:
    write_workbook(
        path,
        suggestions,
        shop=SHOP,
        as_of=AS_OF,
        run_id="run-1",
        budget=BUDGET,
        most_lines=most_lines,
    )
    return path


@pytest.fixture(scope="module")
def written(suggestions: Suggestions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("book") / "suggestions.xlsx", suggestions)


@pytest.fixture(scope="module")
def cut(suggestions: Suggestions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same suggestions in a workbook that holds no more than two lines."""
    return write(tmp_path_factory.mktemp("cut") / "suggestions.xlsx", suggestions, most_lines=2)


def opened(path: Path, *, values: bool = False) -> Any:
    """Open with openpyxl: formulas, or the values cached beside them."""
    return load_workbook(path, data_only=values)


def rows(path: Path, sheet: str, *, values: bool = True) -> list[dict[str, Any]]:
    cells = list(opened(path, values=values)[sheet].iter_rows(values_only=True))
    header = [str(name) for name in cells[0]]
    return [dict(zip(header, row, strict=True)) for row in cells[1:]]


def test_the_same_suggestions_give_the_same_bytes(suggestions: Suggestions, tmp_path: Path) -> None:
    first = write(tmp_path / "first.xlsx", suggestions).read_bytes()
    assert write(tmp_path / "second.xlsx", suggestions).read_bytes() == first


def test_the_sheets_stand_in_the_planner_s_order(written: Path) -> None:
    book = opened(written)
    assert book.sheetnames == SHEETS
    assert book.active.title == "Summary"
    assert book.properties.created == dt.datetime(2026, 11, 24)  # noqa: DTZ001


def test_each_line_is_there_once_what_is_ordered_first(
    written: Path, suggestions: Suggestions
) -> None:
    found = rows(written, "Suggestions")
    assert sorted(row["Line id"] for row in found) == sorted(
        f"{p}␟{place}" for p, place in suggestions.lines.select("product_id", "location").rows()
    )
    ordered = [row["Suggested"] > 0 for row in found]
    assert ordered == sorted(ordered, reverse=True)


def test_cached_values_are_those_of_the_suggestions(
    written: Path, suggestions: Suggestions
) -> None:
    found = {row["Line id"]: row for row in rows(written, "Suggestions")}
    workings = suggestions.workings.drop("product_id", "location")
    for line in suggestions.lines.hstack(workings).iter_rows(named=True):
        row = found[f"{line['product_id']}␟{line['location']}"]
        assert row["Needed"] == line["needed"]
        assert row["Suggested"] == row["Order"] == line["quantity"]
        assert row["Order up to"] == pytest.approx(line["order_up_to"])
        assert row["Stock-out risk"] == pytest.approx(line["stockout_risk"])
        cost = None if line["line_cost"] is None else line["line_cost"] / 100
        assert (row["Line cost"] or None) == (cost or None)


def test_what_follows_an_input_is_a_live_formula(written: Path) -> None:
    row = rows(written, "Suggestions", values=False)[0]
    for header in ("Needed", "Line cost", "Stock-out risk", "Cover days", "Available"):
        assert str(row[header]).startswith("="), header
    for header in ("Suggested", "Order", "On hand", "Service level", "Lead time days"):
        assert not isinstance(row[header], str), header


def test_a_name_that_looks_like_a_formula_is_text(written: Path) -> None:
    sheet = opened(written)["Suggestions"]
    names = {cell.value: cell.data_type for cell in sheet["C"]}
    assert names["=cmd|' /C calc'!A0"] == "s"
    categories = {cell.value: cell.data_type for cell in opened(written)["By category"]["A"]}
    assert categories["=1+1"] == "s"


def test_the_table_can_be_read_filtered_and_printed(written: Path) -> None:
    sheet = opened(written)["Suggestions"]
    assert sheet.freeze_panes == "E2"
    last = get_column_letter(len(LINE_COLUMNS))
    assert sheet.auto_filter.ref == f"A1:{last}{sheet.max_row}"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.print_title_rows == "$1:$1"
    printed = sheet[str(sheet.print_area).split("!")[-1].replace("$", "")][0]
    assert [cell.value for cell in printed][-2:] == ["Stock-out risk", "Look at"]
    assert sheet.column_dimensions["A"].hidden
    assert "&&" in str(sheet.oddHeader.left.text)
    letters = {cell.value: cell.column_letter for cell in sheet[1]}
    formats = {cell.number_format for cell in sheet[letters["Line cost"]][1:]}
    assert formats == {'"Rs "#,##0.00;-"Rs "#,##0.00;"–"'}


def test_cells_to_change_are_checked(written: Path) -> None:
    sheet = opened(written)["Suggestions"]
    rules = sheet.data_validations.dataValidation
    checked = {get_column_letter(place.min_col) for rule in rules for place in rule.sqref.ranges}
    headers = {cell.value: cell.column_letter for cell in sheet[1]}
    given = {column.header for column in LINE_COLUMNS if column.is_input}
    assert given >= {"On hand", "On order", "Order", "Reason", "Service level", "Lead time days"}
    assert {headers[header] for header in given} == checked


def test_by_category_and_summary_add_up_to_the_lines(
    written: Path, suggestions: Suggestions
) -> None:
    total = rows(written, "By category")[-1]
    spent = suggestions.lines["line_cost"].sum() / 100
    assert total["Category"] == "All"
    assert total["Lines"] == suggestions.lines.height
    assert total["Units to order"] == suggestions.lines["quantity"].sum()
    assert total["Cost"] == spent
    summary = opened(written, values=True)["Summary"]
    facts = {row[0]: row[1] for row in summary.iter_rows(values_only=True)}
    assert facts["Cost of the order"] == spent
    assert facts["Budget"] == 2000
    assert facts["Left of the budget"] == 2000 - spent


def test_what_lies_too_long_is_listed(written: Path) -> None:
    plenty, total = rows(written, "Overstock")
    assert plenty["Product id"] == "plenty"
    assert plenty["Units beyond 26 weeks"] == 34
    assert (total["Product id"], total["Cost of those units"]) == ("All", 34 * 30)


def test_a_night_without_purchases_still_has_its_workbook(tmp_path: Path) -> None:
    nothing = pl.DataFrame(schema={"purchased_on": pl.Date, "amount": pl.Int64})
    table = product_table(nothing, None, None, None, AS_OF)
    empty = suggest(table, pl.DataFrame(), Ordering(), AS_OF, digits=2)
    book = opened(write(tmp_path / "empty.xlsx", empty), values=True)
    assert book.sheetnames == SHEETS
    texts = [str(cell.value) for row in book["Summary"].iter_rows() for cell in row]
    assert any("nothing is known of demand" in text for text in texts)


def test_the_csv_files_have_money_in_major_units(suggestions: Suggestions) -> None:
    files = suggestion_csv(suggestions, 2)
    assert set(files) == {
        "suggestions", "by_category", "by_segment", "segment_demand", "transfers", "data_problems",
    }  # fmt: skip
    wild = files["suggestions"].filter(pl.col("product_id") == "wild").head(1)
    assert wild.select("unit_cost", "price").write_csv() == "unit_cost,price\n62.50,100.00\n"
    assert wild["defaults"].dtype == pl.String


def summary(path: Path) -> dict[Any, tuple[Any, ...]]:
    """Read the first page: what stands to the right of each name."""
    sheet = opened(path, values=True)["Summary"]
    return {row[0]: row[1:3] for row in sheet.iter_rows(values_only=True)}


def test_more_lines_than_the_workbook_holds_are_cut_where_the_least_margin_is_at_stake(
    cut: Path, suggestions: Suggestions
) -> None:
    decided = suggestions.lines.filter(
        (pl.col("quantity") > 0)
        | (suggestions.workings["needed"] > 0)
        | (pl.col("flags").list.len() > 0)
    )
    most = decided.sort("expected_lost_margin", descending=True, nulls_last=True).head(2)
    places = most.select("product_id", "location").rows()
    found = [row["Line id"] for row in rows(cut, "Suggestions")]
    assert sorted(found) == sorted(f"{product}␟{place}" for product, place in places)


def test_a_cut_workbook_says_how_many_lines_it_holds_and_where_all_are(cut: Path) -> None:
    said = "This workbook holds 2 of 6 lines; stock/suggestions.csv has all."
    assert said in summary(cut)
    assert said in {row["Category"] for row in rows(cut, "By category")}


def test_totals_of_a_cut_workbook_are_those_of_all_lines_beside_those_of_its_own(
    cut: Path, suggestions: Suggestions
) -> None:
    lines, facts = suggestions.lines, summary(cut)
    here = rows(cut, "Suggestions")
    spent, spent_here = lines["line_cost"].sum() / 100, sum(row["Line cost"] or 0 for row in here)
    assert facts["The order"] == ("In this workbook", "All lines, as suggested")
    assert facts["Lines looked at"] == (2, 6)
    units = lines["quantity"].sum()
    assert facts["Units to order"] == (sum(row["Order"] for row in here), units)
    assert facts["Cost of the order"] == (spent_here, spent)
    elsewhere = "Cost of the order lines that are not in this workbook"
    assert facts.get(elsewhere, (0,))[0] == spent - spent_here
    assert facts["Left of the budget"][0] == 2000 - spent
    total = next(row for row in rows(cut, "By category") if row["Category"] == "All")
    assert (total["All lines"], total["All units to order"]) == (6, units)
    assert (total["Cost of all lines"], total["In this workbook: cost"]) == (spent, spent_here)


def test_other_sheets_hold_no_more_either_and_say_so(
    suggestions: Suggestions, tmp_path: Path
) -> None:
    few = write(tmp_path / "few.xlsx", suggestions, most_lines=1)
    found = [row["Source"] for row in rows(few, "Data problems")]
    problems = suggestions.data_problems.height
    told = f"The first 1 of {problems}: all are in stock/data_problems.csv."
    assert found[1:] == [None, told]


def test_a_product_never_sold_and_not_counted_has_no_line(tmp_path: Path) -> None:
    products = pl.DataFrame({"product_id": ["steady", "listed"]})
    table = product_table(sales("steady", [4] * 30, "L"), products, None, None, AS_OF)
    found = suggest(table, pl.DataFrame(), Ordering(), AS_OF, digits=2)
    assert found.lines["product_id"].to_list() == ["listed", "steady"]
    book = write(tmp_path / "known.xlsx", found)
    assert [row["Product id"] for row in rows(book, "Suggestions")] == ["steady"]
    said = "Lines of products never sold and never counted, which are not here: 1."
    assert said in summary(book)


@SAVED_BY_LIBREOFFICE
@pytest.mark.parametrize("book", ["written", "cut"])
def test_libreoffice_recalculates_every_formula_to_its_cached_value(
    recalculate: Callable[[Path], Path], book: str, request: pytest.FixtureRequest
) -> None:
    written = request.getfixturevalue(book)
    fresh = opened(recalculate(written), values=True)
    cached = opened(written, values=True)
    formulas = opened(written)
    compared = 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    was = cached[sheet.title][cell.coordinate].value
                    now = fresh[sheet.title][cell.coordinate].value
                    same = now == pytest.approx(was, abs=1e-6) if was else now in (was, "", None, 0)
                    assert same, (sheet.title, cell.coordinate, was, now)
                    compared += 1
    live = sum(column.formula is not None for column in LINE_COLUMNS)
    assert compared > (6 if book == "written" else 2) * live


@SAVED_BY_LIBREOFFICE
def test_a_changed_input_changes_what_is_needed_and_the_totals(
    recalculate: Callable[[Path], Path], written: Path, tmp_path: Path
) -> None:
    book = opened(written)
    sheet = book["Suggestions"]
    headers = {cell.value: cell.column for cell in sheet[1]}
    (line,) = [row[0].row for row in sheet.iter_rows() if row[0].value == "steady␟L"]
    sheet.cell(line, headers["On hand"]).value = 0
    sheet.cell(line, headers["Lead time days"]).value = 28
    sheet.cell(line, headers["Order"]).value = 24
    book.save(tmp_path / "edited.xlsx")
    after = recalculate(tmp_path / "edited.xlsx")
    found = {row["Line id"]: row for row in rows(after, "Suggestions")}["steady␟L"]
    assert found["Needed"] == 24  # 4 a week over 5 weeks is 20: four packs of 6
    assert found["Line cost"] == 24 * 40
    before = opened(written, values=True)["Summary"]
    now = opened(after, values=True)["Summary"]
    facts = {row[0]: row[1] for row in now.iter_rows(values_only=True)}
    old = {row[0]: row[1] for row in before.iter_rows(values_only=True)}
    ordered = {row["Line id"]: row["Order"] for row in rows(written, "Suggestions")}["steady␟L"]
    assert facts["Units to order"] == old["Units to order"] + 24 - ordered
    assert facts["Lines where Order is not what was suggested"] == (ordered != 24)


@SAVED_BY_LIBREOFFICE
@pytest.mark.parametrize(("on_hand", "needed"), [(1, 5), (8, 0)])
def test_needed_follows_what_sells_within_the_shelf_life(
    recalculate: Callable[[Path], Path], written: Path, tmp_path: Path, on_hand: int, needed: int
) -> None:
    """2.5 a week for 21 days: 7.5 sell, one pack of 5, less what lasts beyond the delivery."""
    book = opened(written)
    sheet = book["Suggestions"]
    headers = {cell.value: cell.column for cell in sheet[1]}
    (line,) = [row[0].row for row in sheet.iter_rows() if row[0].value == "=cmd␟L"]
    sheet.cell(line, headers["On hand"]).value = on_hand
    book.save(tmp_path / "edited.xlsx")
    found = {
        row["Line id"]: row for row in rows(recalculate(tmp_path / "edited.xlsx"), "Suggestions")
    }
    line_now = found["=cmd␟L"]
    assert line_now["In whole packs"] >= 5
    assert (line_now["Sells within shelf life"], line_now["Needed"]) == (needed, needed)
