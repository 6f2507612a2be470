"""The planner's workbook on nights with everything in them: campaigns, transfers, odd data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from openpyxl import load_workbook

from targeting.exports.workbook import write_workbook
from targeting.stock.coming import Coming
from targeting.stock.products import product_table
from targeting.stock.suggest import Suggestions, suggest
from targeting.workspace.settings import Ordering, Shop

AS_OF = dt.date(2026, 11, 24)
SHOP = Shop(name="Bits & Bobs", currency="PKR", region="PK", locale="en_PK")
BUDGET = Decimal(400_000)
PRODUCTS = 150
CATEGORIES = ["*", "?", "~*", "Cables", "cables", "CABLES", "-1", "+cmd", "@x", "=1+1", ">5", None]
SAVED_BY_LIBREOFFICE = pytest.mark.filterwarnings("ignore:.*extension is not supported")


def night(*, locations: tuple[str, ...] = ("Clifton", "Saddar"), seed: int = 7) -> Suggestions:
    """Three hundred lines: some huge, some without cost, price, spread, lead time or sales."""
    chance = np.random.default_rng(seed)
    names = [f"P{n:03d}" for n in range(PRODUCTS)]
    shelves = [(name, place) for name in names for place in locations]
    products = pl.DataFrame(
        {
            "product_id": names,
            "product": [f"-{name}" if n % 9 == 0 else name for n, name in enumerate(names)],
            "category": [CATEGORIES[n % len(CATEGORIES)] for n in range(PRODUCTS)],
            "unit_cost": [None if n % 7 == 0 else int(chance.integers(1, 90_00)) for n in range(PRODUCTS)],
            "price": [None if n % 11 == 0 else int(chance.integers(1, 200_00)) for n in range(PRODUCTS)],
            "pack_size": [float(chance.integers(1, 12)) for _ in names],
            "minimum_order": [float(chance.integers(0, 30)) for _ in names],
            "lead_time_days": [float(n % 5 * 7) for n in range(PRODUCTS)],
            "lead_time_sd_days": [float(n % 3) for n in range(PRODUCTS)],
            "shelf_life_days": [None if n % 4 == 0 else float(n % 25) for n in range(PRODUCTS)],
            "discontinued": [n % 13 == 0 for n in range(PRODUCTS)],
        }
    )  # fmt: skip
    stock = pl.DataFrame(
        {
            "product_id": [name for name, _ in shelves],
            "location": [place for _, place in shelves],
            "on_hand": [1e9 if n == 40 else float(chance.integers(0, 90)) for n in range(len(shelves))],
            "reserved": [float(n % 4) for n in range(len(shelves))],
            "on_order": [float(n % 6 * 3) for n in range(len(shelves))],
        }
    )  # fmt: skip
    rules = pl.DataFrame(
        {
            "product_id": names[:40],
            "location": [locations[0]] * 40,
            "order_at_most_units": [float(n) for n in range(40)],
            "rule": ["order limit: keep_small"] * 40,
        }
    )
    ordering = Ordering(budget=BUDGET)
    table = product_table(_sold(shelves, chance), products, stock, None, AS_OF)
    coming = Coming(_coming(shelves), _campaigns())
    return suggest(table, rules, ordering, AS_OF, digits=2, coming=coming)


def _sold(shelves: list[tuple[str, str]], chance: np.random.Generator) -> pl.DataFrame:
    weeks = 30
    rates = np.array([[0.0, 1e6, 3.0, 0.3, 12.0][n % 5] for n in range(len(shelves))])
    rates[5:-5:10] = 4.0
    units = chance.poisson(rates, (weeks, len(shelves))).astype(float)
    units[:, 2] = 3.0  # sells the same each week: no spread
    week, shelf = units.nonzero()
    days = [AS_OF - dt.timedelta(weeks=int(age)) for age in week]
    return pl.DataFrame(
        {
            "purchased_on": days,
            "amount": [int(n) * 100_00 for n in units[week, shelf]],
            "quantity": units[week, shelf],
            "product_id": [shelves[n][0] for n in shelf],
            "location": [shelves[n][1] for n in shelf],
            "customer_id": "ann",
        }
    )


def _coming(shelves: list[tuple[str, str]]) -> pl.DataFrame:
    some = shelves[::3]
    units = [0.5 + n / 7 for n in range(len(some))]
    rows = {"product_id": [p for p, _ in some], "location": [place for _, place in some]}
    return pl.DataFrame({**rows, "campaign_units": units})


def _campaigns() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "rule": ["win_back", "newsletter", "quiet"],
            "people": [120, 4000, 9],
            "uplift": [0.04, 0.001, None],
            "source": ["measured", "rule", None],
            "units": [310.5, 12.0, 0.0],
        }
    )


def write(path: Path, suggestions: Suggestions) -> Path:
    write_workbook(path, suggestions, shop=SHOP, as_of=AS_OF, run_id="run-1", budget=BUDGET)
    return path


@pytest.fixture(scope="module")
def suggestions() -> Suggestions:
    return night()


@pytest.fixture(scope="module")
def written(suggestions: Suggestions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("book") / "suggestions.xlsx", suggestions)


def table(path: Path, sheet: str) -> list[dict[str, Any]]:
    rows = list(load_workbook(path, data_only=True)[sheet].iter_rows(values_only=True))
    return [dict(zip(map(str, rows[0]), row, strict=True)) for row in rows[1:]]


def hidden(path: Path) -> set[str]:
    """Name the hidden columns of the sheet of suggestions."""
    sheet = load_workbook(path)["Suggestions"]
    folded = set()
    for dimension in sheet.column_dimensions.values():
        if dimension.hidden:
            folded |= set(range(dimension.min or 0, (dimension.max or 0) + 1))
    return {str(cell.value) for cell in sheet[1] if cell.column in folded}


def test_the_night_has_what_it_is_meant_to_have(suggestions: Suggestions) -> None:
    lines = suggestions.lines.hstack(suggestions.workings.drop("product_id", "location"))
    assert suggestions.transfers.height
    assert lines.filter(pl.col("campaign_units") > 0).height > 50
    assert lines.filter(pl.col("quantity") < pl.col("needed")).height > 10
    assert lines.filter((pl.col("lead_time_days") == 0) & (pl.col("weekly_demand") > 0)).height
    assert lines["on_hand"].max() == 1e9
    assert lines["unit_cost"].null_count()


def test_transfers_and_campaigns_show_beside_the_suggestion(
    written: Path, suggestions: Suggestions
) -> None:
    assert not {"Transfer in", "For campaigns", "Reason", "Rules"} & hidden(written)
    rows = {row["Line id"]: row for row in table(written, "Suggestions")}
    workings = suggestions.workings.drop("product_id", "location")
    for line in suggestions.lines.hstack(workings).iter_rows(named=True):
        row = rows[f"{line['product_id']}␟{line['location']}"]
        assert row["Transfer in"] == line["transfer_in"]
        assert row["For campaigns"] == pytest.approx(line["campaign_units"])
        assert row["Reason"] is None
        assert row["Order up to"] == pytest.approx(line["order_up_to"])


def test_columns_that_say_nothing_tonight_are_hidden(
    suggestions: Suggestions, tmp_path: Path
) -> None:
    quiet = replace(
        suggestions,
        lines=suggestions.lines.with_columns(pl.lit(0, dtype=pl.Int64).alias("transfer_in")),
        transfers=suggestions.transfers.clear(),
        workings=suggestions.workings.with_columns(
            pl.lit(0.0).alias("campaign_units"), pl.lit(0.0).alias("campaign_lead_units")
        ),
    )
    book = write(tmp_path / "quiet.xlsx", quiet)
    assert {"Transfer in", "For campaigns", "Days out of stock"} <= hidden(book)
    assert "Transfers" not in load_workbook(book).sheetnames


def test_transfers_are_listed_one_journey_after_another(
    written: Path, suggestions: Suggestions
) -> None:
    *moves, total = table(written, "Transfers")
    told = [(m["Product id"], m["From"], m["To"], m["Units"]) for m in moves]
    assert sorted(told) == sorted(suggestions.transfers.rows())
    journeys = [(move["From"], move["To"]) for move in moves]
    assert journeys == sorted(journeys)
    assert total["Units"] == suggestions.transfers["quantity"].sum()


def test_the_summary_says_what_campaigns_add_and_how_that_is_known(written: Path) -> None:
    summary = load_workbook(written, data_only=True)["Summary"]
    told = {row[0]: row[1:5] for row in summary.iter_rows(values_only=True)}
    assert told["win_back"] == ("measured on held-out", 120, 0.04, 310.5)
    assert told["newsletter"] == ("stated by the rule", 4000, 0.001, 12)
    assert told["quiet"] == ("not stated: adds none", 9, None, 0)


def test_the_forecast_s_check_stands_under_the_assumptions(
    suggestions: Suggestions, tmp_path: Path
) -> None:
    verdict = "Its bias of 12% is worse than the best of the five."
    check = pl.DataFrame(
        {
            "demand_class": ["lumpy", "smooth"],
            "series": [40, 9],
            "method": ["IMAPA", "SBA"],
            "wape": [0.4, None],
            "best_other": ["TSB", None],
            "best_other_wape": [0.39, None],
            "bias": [0.12, None],
            "best_other_bias": [-0.02, None],
            "verdict": [verdict, "Too few series to judge."],
        }
    )
    judged = replace(suggestions, forecast_check=check)
    sheet = load_workbook(write(tmp_path / "checked.xlsx", judged))["Assumptions"]
    lines = {
        row[0]: row[1:]
        for row in sheet.iter_rows(values_only=True)
        if row[3] in {*check["verdict"]}
    }
    assert lines["lumpy"] == ("IMAPA; the others' best: TSB", 40, verdict, 0.4, 0.39, 0.12, -0.02)
    assert lines["smooth"][:2] == ("SBA", 9)


def test_categories_that_look_alike_are_told_apart(written: Path, suggestions: Suggestions) -> None:
    found = {row["Category"]: row for row in table(written, "By category")}
    lines = suggestions.lines.with_columns(pl.col("category").fill_null("(no category)"))
    for category, units in lines.group_by("category").agg(pl.col("quantity").sum()).rows():
        assert found[category]["Units to order"] == units, category


def same(was: Any, now: Any) -> bool:
    """Compare a cached value with the computed one; an empty text is an empty cell."""
    if was in ("", None):
        return now in ("", None)
    return bool(now == (was if isinstance(was, str) else pytest.approx(was, abs=1e-6, rel=1e-9)))


@SAVED_BY_LIBREOFFICE
def test_every_formula_of_an_odd_night_equals_its_cached_value(
    recalculate: Callable[[Path], Path], written: Path
) -> None:
    fresh = load_workbook(recalculate(written), data_only=True)
    cached = load_workbook(written, data_only=True)
    formulas = [
        (sheet.title, cell.coordinate)
        for sheet in load_workbook(written)
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    pairs = [
        (*place, cached[place[0]][place[1]].value, fresh[place[0]][place[1]].value)
        for place in formulas
    ]
    wrong = [pair for pair in pairs if not same(*pair[2:])]
    assert wrong == []
    assert len(formulas) > 300 * 9
