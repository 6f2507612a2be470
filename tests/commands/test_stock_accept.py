"""targeting stock accept: the planner's workbook in, the approved order and what changed out."""

from __future__ import annotations

import zipfile
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook

from targeting.stock.suggest import Suggestions
from tests.commands.shops import BUYERS, many_purchases
from tests.kit.shop import Ran, run_here, shop
from tests.orders.conftest import RUN, MadeRun, Sheet, make_run, small_suggestions


@pytest.fixture(scope="module")
def suggestions() -> Suggestions:
    return small_suggestions()


@pytest.fixture
def made(tmp_path: Path, suggestions: Suggestions) -> MadeRun:
    return make_run(tmp_path / "shop", suggestions)


def accept(made: MadeRun, *asked: str) -> Ran:
    return run_here("stock", "accept", *asked, cwd=made.shop)


def change(sheet: Sheet) -> None:
    sheet.put("steady␟L", "Order", 30)
    sheet.put("steady␟L", "Lead time days", 28)
    sheet.put("free␟L", "Order", 0)
    sheet.page.delete_rows(sheet.row("capped␟M"))


def files(made: MadeRun) -> list[str]:
    return sorted(path.name for path in (made.folder / "stock").iterdir())


def test_the_order_is_written_and_the_story_told(made: MadeRun) -> None:
    made.edited(change)
    ran = accept(made, "monday.xlsx")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines() == [
        f"out/{RUN}/stock/approved.csv", f"out/{RUN}/stock/order.csv"
    ]  # fmt: skip
    told = ran.err.splitlines()
    assert told[0] == f"the order of {RUN} is approved"
    assert "  lines deleted from the workbook, so 0: 1" in told
    assert "3 lines changed" in told
    at = told.index("3 lines changed")
    assert told[at + 1 : at + 4] == [
        "  Steady cable at L: 12 -> 30 (+18 units, USD +720.00)",
        "  Capped lens at M: 12 -> 0 (-12 units, USD -660.00) (line deleted)",
        "  Gift at L: 8 -> 0 (-8 units)",
    ]
    assert told[at + 4 : at + 6] == [
        "1 line changed an input",
        "  Steady cable at L: needed 12 -> 18 because lead time days 14 -> 28; approved 30",
    ]
    assert "  North: 22 -> 40 units, USD 580.00 -> USD 1,300.00" in told


def test_both_files_hold_what_was_approved(made: MadeRun, suggestions: Suggestions) -> None:
    made.edited(change)
    accept(made, "monday.xlsx")
    approved = pl.read_csv(made.folder / "stock/approved.csv")
    assert approved.columns == ["product_id", "location", "suggested", "approved", "reason"]
    assert approved["suggested"].to_list() == suggestions.lines["quantity"].to_list()
    mine = {
        (p, place): n
        for p, place, n in approved.select("product_id", "location", "approved").rows()
    }
    assert (mine["steady", "L"], mine["free", "L"], mine["capped", "M"]) == (30, 0, 0)
    ordered = pl.read_csv(made.folder / "stock/order.csv")
    assert ordered["quantity"].sum() == approved["approved"].sum()
    assert ordered["quantity"].min() == 5 * 2
    assert ordered["supplier"].to_list() == ["North", "North", "South", "South"]
    assert (ordered["quantity"] * ordered["unit_cost"]).to_list() == ordered["line_cost"].to_list()


def test_machines_get_every_line(made: MadeRun) -> None:
    made.edited(change)
    told = accept(made, "monday.xlsx", "--json").json
    assert told["run_id"] == RUN
    assert (told["deleted"], told["replaced"], told["currency"]) == (1, False, "USD")
    assert [(row["product_id"], row["units"], row["cost"]) for row in told["changed"]] == [
        ("steady", 18, 720.0), ("capped", -12, -660.0), ("free", -8, None),
    ]  # fmt: skip
    assert told["inputs"][0]["inputs"] == "lead time days 14 -> 28"
    assert told["approved"]["cost"] - told["suggested"]["cost"] == 60.0
    assert told["over_budget"] == 0


def test_accepting_again_replaces_the_order_and_says_so(made: MadeRun) -> None:
    made.edited(change)
    accept(made, "monday.xlsx")
    first = (made.folder / "stock/approved.csv").read_bytes()
    ran = accept(made, str(made.book.relative_to(made.shop)))
    assert ran.err.startswith(
        f"the order of {RUN} is approved, in place of the order approved before\n"
    )
    assert "everything is ordered as suggested" in ran.err.splitlines()
    assert (made.folder / "stock/approved.csv").read_bytes() != first
    accept(made, "monday.xlsx")
    assert (made.folder / "stock/approved.csv").read_bytes() == first


def test_an_order_over_the_budget_is_taken_and_said(made: MadeRun) -> None:

    def more(sheet: Sheet) -> None:
        sheet.put("wild␟L", "Order", 400)

    made.edited(more)
    ran = accept(made, "monday.xlsx")
    assert ran.code == 0
    assert "over the budget of USD 4,000.00" in ran.err
    assert "Wild phone at L: 400 is over 10 times its level of" in ran.err


def test_a_cell_that_cannot_be_read_stops_it_and_nothing_is_written(made: MadeRun) -> None:
    before = files(made)
    cells: list[str] = []

    def spoil(sheet: Sheet) -> None:
        cells.append(sheet.put("steady␟L", "Order", "12 pcs"))

    made.edited(spoil)
    ran = accept(made, "monday.xlsx")
    assert (ran.code, ran.out) == (1, "")
    row = cells[0].rpartition("!")[2].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert f"monday.xlsx:{row}:" in ran.err
    assert f"error O004: {cells[0]} holds the text '12 pcs', not a number" in ran.err
    assert "= help: type how many units you order, 0 for none" in ran.err
    assert files(made) == before


def test_a_workbook_of_another_run_is_refused_with_the_runs_there_are(made: MadeRun) -> None:
    book = load_workbook(made.book)
    book["Summary"]["B3"] = "2026-11-23-0a1b2c3d"
    book.save(made.shop / "other.xlsx")
    ran = accept(made, "other.xlsx")
    assert ran.code == 1
    assert (
        "error O002: this workbook is of the run '2026-11-23-0a1b2c3d', which is not in" in ran.err
    )
    assert f"did you mean '{RUN}'?" in ran.err


def test_twenty_changes_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    made = make_run(tmp_path / "shop", small_suggestions(more=25))

    def more(sheet: Sheet) -> None:
        for number in range(25):
            sheet.put(f"more{number}␟L", "Order", 99)

    made.edited(more)
    told = accept(made, "monday.xlsx").err.splitlines()
    at = told.index("25 lines changed")
    assert told[at + 20].startswith("  more")
    assert told[at + 21] == "  … and 5 more"


def test_what_targeting_run_leaves_can_be_accepted(tmp_path: Path) -> None:
    made = shop(tmp_path / "shop", BUYERS | {"purchases.csv": many_purchases()}, bare=True)
    assert made.run_here("run").code == 0
    (run,) = made.runs
    book = load_workbook(run / "stock/suggestions.xlsx")
    sheet = Sheet(book["Suggestions"])
    line = str(sheet.page["A2"].value)
    sheet.put(line, "Order", 77)
    book.save(run / "stock/suggestions.xlsx")  # edited where it lies
    ran = made.run_here("stock", "accept", f"out/{run.name}/stock/suggestions.xlsx", "--json")
    assert ran.code == 0, ran.err
    (changed,) = ran.json["changed"]
    assert (f"{changed['product_id']}␟", changed["approved"]) == (line, 77)
    assert made.run_here("undo", run.name).code == 0
    again = made.run_here("stock", "accept", f"out/{run.name}-undone/stock/suggestions.xlsx")
    assert f"error O002: this workbook is of {run.name}, which was undone" in again.err


def test_an_emptied_workbook_takes_no_order_s_place_unless_it_is_meant(made: MadeRun) -> None:
    def emptied(sheet: Sheet) -> None:
        for row in range(2, sheet.page.max_row + 1):
            sheet.page.cell(row, sheet.place("Order")).value = None

    made.edited(emptied)
    ran = accept(made, "monday.xlsx")
    assert ran.code == 1
    assert "O006" in ran.err
    assert "say --empty" in ran.err
    assert not (made.folder / "stock/approved.csv").exists()
    assert accept(made, "monday.xlsx", "--empty").code == 0
    assert (made.folder / "stock/approved.csv").is_file()


def test_a_workbook_that_unpacks_without_end_is_not_unpacked(made: MadeRun) -> None:
    path = made.edited(change)
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/blank.bin", "w") as part,
    ):
        for _ in range(6):
            part.write(bytes(100_000_000))
    ran = accept(made, "monday.xlsx")
    assert ran.code == 1
    assert "O001" in ran.err
    assert "unpacks to 60" in ran.err
