"""A finished run of a small shop, and its workbook for a planner to change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from targeting.exports.sheet_lines import line_id
from targeting.exports.workbook import suggestion_csv, write_workbook
from targeting.orders.lines import FILE, kept_lines
from targeting.run_folder.write import write_csv, write_json, write_parquet
from targeting.stock.products import product_table
from targeting.stock.suggest import Suggestions, suggest
from targeting.workspace.settings import Ordering, Shop

AS_OF = dt.date(2026, 11, 24)
RUN = "2026-11-24-0a1b2c3d"
SHOP = Shop(name="Corner shop", currency="USD", region="US", locale="en_US")
BUDGET = Decimal(4000)
SETTINGS = """\
shop: {name: Corner shop, currency: USD, region: US, locale: en_US}
as_of: newest_purchase
sources:
  purchases:
    file: purchases.csv
    columns: {customer_id: c, purchased_on: d, amount: a, product_id: p, quantity: q}
ordering: {budget: 4000}
"""
POLICY = "key: k\nchannels: {counter: {cost: 0}}\n"


def sales(product: str, weeks: list[int], location: str | None) -> pl.DataFrame:
    days = [AS_OF - dt.timedelta(weeks=age) for age in range(len(weeks))]
    sold = {
        "purchased_on": days,
        "amount": [100_00 * units for units in weeks],
        "quantity": [float(units) for units in weeks],
        "product_id": product,
        "location": location,
        "customer_id": "ann",
    }
    types = {"location": pl.String}
    return pl.DataFrame(sold, schema_overrides=types).filter(pl.col("quantity") > 0)


def small_suggestions(more: int = 0) -> Suggestions:
    """Seven lines: steady, wild at two places, capped by a rule, dead, like a formula, no cost.

    And `more` lines, each sold once.
    """
    purchases = pl.concat(
        [
            sales("steady", [4] * 30, "L"),
            sales("wild", [9, 0, 3, 14, 1, 0, 7, 2] * 4, "L"),
            sales("wild", [1, 5, 2, 0, 4, 4, 3, 8] * 4, "M"),
            sales("capped", [5] * 30, "M"),
            sales("dead", [0] * 40 + [9], "L"),
            sales("=cmd", [2, 3] * 15, "L"),
            sales("free", [3] * 30, "L"),
            *(sales(f"more{number}", [1], "L") for number in range(more)),
        ]
    )
    products = pl.DataFrame(
        {
            "product_id": ["steady", "wild", "capped", "dead", "=cmd", "free"],
            "product": [
                "Steady cable",
                "Wild phone",
                "Capped lens",
                "Dead radio",
                "=cmd|x",
                "Gift",
            ],
            "category": ["Cables", "Phones", "Lenses", "Radios", "=1+1", "Gifts"],
            "supplier": ["North", "South", "South", "North", "North", None],
            "unit_cost": [40_00, 62_50, 55_00, 30_00, 10_00, None],
            "price": [100_00] * 6,
            "pack_size": [6.0, 4.0, 1.0, 1.0, 5.0, 1.0],
            "minimum_order": [0.0, 8.0, 0.0, 0.0, 0.0, 0.0],
            "lead_time_days": [14.0, 10.0, 21.0, 7.0, 14.0, 14.0],
            "lead_time_sd_days": [0.0, 3.0, 2.0, 0.0, 1.0, 0.0],
        }
    )
    stock = pl.DataFrame(
        {
            "product_id": ["steady", "wild", "wild", "capped", "dead", "=cmd", "free"],
            "location": ["L", "L", "M", "M", "L", "L", "L"],
            "on_hand": [3.0, 10.0, 0.0, 2.0, 60.0, 1.0, 1.5],
            "reserved": [0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        }
    )
    rules = pl.DataFrame(
        {
            "product_id": ["capped"],
            "location": ["M"],
            "order_at_most_units": [12.0],
            "rule": ["order limit: keep"],
        }
    )
    customers = pl.DataFrame({"customer_id": ["ann"], "segment": ["Loyal"]})
    ordering = Ordering(budget=BUDGET, transfers=False)
    table = product_table(purchases, products, stock, customers, AS_OF)
    return suggest(table, rules, ordering, AS_OF, digits=2)


@dataclass(frozen=True)
class MadeRun:
    """A workspace with one finished run in it."""

    shop: Path
    run_id: str

    @property
    def out(self) -> Path:
        return self.shop / "out"

    @property
    def folder(self) -> Path:
        return self.out / self.run_id

    @property
    def book(self) -> Path:
        return self.folder / "stock/suggestions.xlsx"

    def edited(self, change: Callable[[Sheet], None], name: str = "monday.xlsx") -> Path:
        """Save the workbook as openpyxl does, changed: without any cached value."""
        book = load_workbook(self.book)
        change(Sheet(book["Suggestions"]))
        book.save(self.shop / name)
        return self.shop / name


@dataclass(frozen=True)
class Sheet:
    """The planner's sheet, its cells by line and header."""

    page: Worksheet

    def place(self, header: str) -> int:
        return next(int(cell.column) for cell in self.page[1] if cell.value == header)

    def row(self, line: str) -> int:
        return next(int(cell.row) for cell in self.page["A"] if cell.value == line)

    def put(self, line: str, header: str, value: Any) -> str:
        cell = self.page.cell(self.row(line), self.place(header))
        cell.value = value
        return f"{self.page.title}!{cell.coordinate}"


def make_run(
    shop: Path,
    suggestions: Suggestions,
    *,
    run_id: str = RUN,
    as_of: dt.date = AS_OF,
    most_lines: int = 10_000,
    dry_run: bool = False,
) -> MadeRun:
    """Leave what a run leaves of its stock side."""
    made = MadeRun(shop, run_id)
    (made.folder / "stock").mkdir(parents=True)
    for folder in (shop, made.folder / "inputs"):
        (folder / "rules").mkdir(parents=True)
        (folder / "targeting.yaml").write_text(SETTINGS)
        (folder / "rules/policy.yaml").write_text(POLICY)
    write_workbook(
        made.book, suggestions, shop=SHOP, as_of=as_of, run_id=run_id, budget=BUDGET,
        most_lines=most_lines,
    )  # fmt: skip
    write_csv(made.folder / "stock/suggestions.csv", suggestion_csv(suggestions, 2)["suggestions"])
    write_parquet(made.folder / FILE, kept_lines(suggestions, 2, most_lines).lazy())
    manifest = {"run_id": run_id, "as_of": as_of.isoformat(), "dry_run": dry_run}
    write_json(made.folder / "manifest.json", manifest)
    return made


@pytest.fixture(scope="session")
def suggestions() -> Suggestions:
    return small_suggestions()


@pytest.fixture(scope="session")
def suggested(suggestions: Suggestions) -> dict[str, int]:
    """What was suggested, by line id."""
    lines = suggestions.lines.select(line_id(), "quantity")
    return dict(lines.iter_rows())


@pytest.fixture
def made(tmp_path: Path, suggestions: Suggestions) -> MadeRun:
    return make_run(tmp_path / "shop", suggestions)
