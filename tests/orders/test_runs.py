"""From a run's files to its approved order and back, as later nights read it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from targeting.orders.accept import accept
from targeting.orders.changes import Total, by_supplier, changed_lines
from targeting.orders.lines import FILE, LINES, kept_lines, read_lines
from targeting.orders.runs import PAST, overrides, past_approved, run_folder
from targeting.orders.write import OVERRIDES, order_table
from targeting.problems import Refused
from targeting.stock.suggest import Suggestions
from tests.orders.conftest import AS_OF, RUN, MadeRun, Sheet, make_run


def test_a_run_keeps_every_line_once_and_which_of_them_the_planner_was_given(
    suggestions: Suggestions,
) -> None:
    kept = kept_lines(suggestions, 2, 3)
    assert dict(kept.schema) == {
        n: t if isinstance(t, pl.DataType) else t() for n, t in LINES.items()
    }
    assert kept["product_id"].equals(suggestions.lines["product_id"])
    assert kept["quantity"].equals(suggestions.lines["quantity"])
    assert kept["in_workbook"].sum() == 3
    assert kept_lines(suggestions, 2)["in_workbook"].all()


@pytest.mark.parametrize("damage", ["gone", "no parquet", "older"])
def test_lines_that_a_run_has_not_kept_are_refused(made: MadeRun, damage: str) -> None:
    path = made.folder / FILE
    if damage == "gone":
        path.unlink()
    elif damage == "no parquet":
        path.write_text("x")
    else:
        pl.read_parquet(path).drop("in_workbook").write_parquet(path)
    with pytest.raises(
        Refused, match=r"W007: this run's stock/lines\.parquet is missing or cannot"
    ):
        read_lines(made.folder)


def test_only_a_finished_run_that_counts_has_an_order(
    tmp_path: Path, suggestions: Suggestions
) -> None:
    made = make_run(tmp_path / "shop", suggestions)
    assert run_folder(made.out, RUN, made.book) == made.folder
    dry = make_run(tmp_path / "dry", suggestions, run_id=f"{RUN}-dry", dry_run=True)
    with pytest.raises(Refused, match=f"O002: this workbook is of {RUN}-dry, a dry run"):
        run_folder(dry.out, f"{RUN}-dry", dry.book)
    with pytest.raises(Refused, match=f"is of the run '{RUN}-2', which is not in .*\n.*'{RUN}'"):
        run_folder(made.out, f"{RUN}-2", made.book)
    for odd in ("../shop", "/", ".", ""):
        with pytest.raises(Refused, match="O002: this workbook is of the run"):
            run_folder(made.out, odd, made.book)
    made.folder.rename(made.out / f"{RUN}-undone")
    with pytest.raises(Refused, match=f"O002: this workbook is of {RUN}, which was undone"):
        run_folder(made.out, RUN, made.book)


def test_an_approved_order_is_read_back_with_its_reasons_and_odd_names(made: MadeRun) -> None:
    def change(sheet: Sheet) -> None:
        sheet.put("=cmd␟L", "Order", 15)
        last = sheet.page.max_column + 1
        sheet.page.cell(1, last).value = "Why"
        sheet.page.cell(sheet.row("=cmd␟L"), last).value = '=2+2, "quoted"'
        sheet.page.cell(sheet.row("=cmd␟L"), last).data_type = "s"

    accept(made.edited(change), made.out)
    past = past_approved(made.out)
    assert past.select(
        "run_id", "ordered_on", "by_location", "product_id", "suggested", "approved", "reason"
    ).rows() == [
        (RUN, dt.date(2026, 11, 24), True, "=cmd", 10, 15, '=2+2, "quoted"')
    ]  # fmt: skip


def test_runs_without_an_order_undone_or_damaged_have_no_past(
    tmp_path: Path, suggestions: Suggestions
) -> None:
    made = make_run(tmp_path / "shop", suggestions)
    assert past_approved(made.out).schema == pl.DataFrame(schema=PAST).schema
    assert past_approved(made.out).is_empty()
    accept(made.book, made.out)
    assert past_approved(made.out).is_empty()  # nothing was changed

    def change(sheet: Sheet) -> None:
        sheet.put("=cmd␟L", "Order", 15)

    accept(made.edited(change), made.out)
    assert past_approved(made.out).height == 1
    (made.folder / OVERRIDES).rename(made.folder / "aside")
    assert past_approved(made.out).is_empty()
    pl.read_parquet(made.folder / "aside").drop("available").write_parquet(made.folder / OVERRIDES)
    assert past_approved(made.out).is_empty()  # as an older version may have left it
    (made.folder / "aside").rename(made.folder / OVERRIDES)
    made.folder.rename(made.out / f"{RUN}-undone")
    assert past_approved(made.out).is_empty()


def test_what_the_planner_corrected_is_what_the_order_is_judged_by(made: MadeRun) -> None:
    def change(sheet: Sheet) -> None:
        sheet.put("=cmd␟L", "On hand", 100)
        sheet.put("=cmd␟L", "Reserved", 1)
        sheet.put("=cmd␟L", "On order", 7)
        sheet.put("=cmd␟L", "Service level", 0.5)
        sheet.put("=cmd␟L", "Lead time days", 3)
        sheet.put("=cmd␟L", "Review days", 9)
        sheet.put("=cmd␟L", "Order", 0)

    accept(made.edited(change), made.out)
    assert past_approved(made.out).select(
        "available", "service_level", "lead_time_days", "review_days", "approved"
    ).rows() == [(106.0, 0.5, 3.0, 9.0, 0)]


def test_what_was_not_corrected_is_as_the_night_had_it(made: MadeRun) -> None:
    def change(sheet: Sheet) -> None:
        for line in sheet.page["A"][1:]:
            sheet.put(line.value, "Order", 1_000)

    accept(made.edited(change), made.out)
    kept = read_lines(made.folder)
    names = ["product_id", "location", "available", "service_level", "lead_time_days",
             "review_days", "transfer_in", "transfer_out", "unit_cost"]  # fmt: skip
    assert past_approved(made.out).select(names).equals(kept.select(names))


def test_a_planner_who_found_the_shelf_empty_was_right_to_order(made: MadeRun) -> None:
    """The night knew of 3 on the shelf, there were none; what was ordered on top is what sold."""
    sold = pl.DataFrame(
        {"product_id": ["steady"], "location": ["L"], "purchased_on": [AS_OF + dt.timedelta(2)],
         "quantity": [18.0], "amount": [1800_00]}
    )  # fmt: skip
    later = AS_OF + dt.timedelta(days=60)

    def order(sheet: Sheet) -> None:
        sheet.put("steady␟L", "Order", 18)

    def correct(sheet: Sheet) -> None:
        order(sheet)
        sheet.put("steady␟L", "On hand", 0)

    lefts = []
    for change in (order, correct):
        accept(made.edited(change), made.out)
        judged = overrides(made.out, sold, later)
        lefts += judged.select("suggested", "left_approved", "short_suggested", "nearer").rows()
    assert lefts == [(12, 3.0, 3.0, "planner"), (12, 0.0, 6.0, "planner")]


def test_what_moves_between_locations_is_kept_for_the_judgement(
    tmp_path: Path, suggestions: Suggestions
) -> None:
    steady = (pl.col("product_id") == "steady").cast(pl.Int64)
    moving = replace(
        suggestions,
        lines=suggestions.lines.with_columns((steady * 5).alias("transfer_in")),
        workings=suggestions.workings.with_columns((steady * 2).alias("transfer_out")),
    )
    made = make_run(tmp_path / "shop", moving)

    def change(sheet: Sheet) -> None:
        sheet.put("steady␟L", "Order", 18)

    accept(made.edited(change), made.out)
    assert past_approved(made.out).select("transfer_in", "transfer_out").rows() == [(5, 2)]


def test_large_amounts_are_written_to_the_cent(made: MadeRun) -> None:
    assert accept(made.book, made.out).money(10**17 + 1) == "USD 1,000,000,000,000,000.01"


LINES_OF_AN_ORDER = pl.DataFrame(
    {
        "product_id": ["a", "b", "c", "d"],
        "product": ["A", "B", "C", "D"],
        "location": [None, None, "L", "L"],
        "supplier": ["North", None, "North", "East"],
        "quantity": [10, 4, 6, 1],
        "approved": [2, 9, 6, 0],
        "unit_cost": [250, None, 101, 1000],
        "pack_size": [1, 1, 6, 1],
        "needed": 1, "needed_now": 1, "inputs": None, "deleted": False, "reason": None,
        "warnings": [[], [], [], []],
    },
    schema_overrides={"location": pl.String, "unit_cost": pl.Int64},
)  # fmt: skip


def test_the_largest_change_of_money_comes_first_and_without_a_cost_last() -> None:
    changed = changed_lines(LINES_OF_AN_ORDER)
    assert changed.select("product_id", "units", "cost").rows() == [
        ("a", -8, -2000), ("d", -1, -1000), ("b", 5, None),
    ]  # fmt: skip


def test_totals_and_suppliers_add_up_to_the_lines() -> None:
    assert Total.of(LINES_OF_AN_ORDER, "quantity") == Total(4, 21, 2500 + 606 + 1000, 1)
    assert Total.of(LINES_OF_AN_ORDER, "approved") == Total(3, 17, 500 + 606, 1)
    assert Total.of(LINES_OF_AN_ORDER.clear(), "approved") == Total(0, 0, 0, 0)
    assert by_supplier(LINES_OF_AN_ORDER).rows() == [
        ("East", 1, 0, 1000, 0), ("North", 16, 8, 3106, 1106), (None, 4, 9, 0, 0),
    ]  # fmt: skip


def test_the_order_has_what_is_ordered_by_supplier_in_major_units() -> None:
    table = order_table(LINES_OF_AN_ORDER, 2)
    assert table.write_csv() == (
        "supplier,product_id,product,location,quantity,pack_size,unit_cost,line_cost\n"
        "North,a,A,,2,1,2.50,5.00\nNorth,c,C,L,6,6,1.01,6.06\n,b,B,,9,1,,\n"
    )


def test_huge_orders_do_not_overflow_the_totals() -> None:
    huge = LINES_OF_AN_ORDER.with_columns(
        pl.lit(10**8).alias("approved"), pl.lit(10**10).alias("unit_cost"), supplier=pl.lit("x")
    )
    huge = pl.concat([huge] * 5)
    assert Total.of(huge, "approved").cost == 20 * 10**18
    assert by_supplier(huge)["approved_cost"].to_list() == [20 * 10**18]
