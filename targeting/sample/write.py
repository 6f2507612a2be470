"""The story of the sample: make the shop, spoil it a little, write its six files."""

from datetime import UTC, datetime, time
from pathlib import Path

import numpy as np
import polars as pl
import xlsxwriter

from targeting.sample.days import NEWEST
from targeting.sample.dirt import customers_text, spoil_customers, spoil_products
from targeting.sample.habits import plant
from targeting.sample.people import enrol
from targeting.sample.products import LISTED, make_products
from targeting.sample.replies import hear_back, suppress
from targeting.sample.sales import purchase_file, sell
from targeting.sample.shelves import count_shelves

SEED = 20261124
FEWEST_CUSTOMERS = 300


def write_sample(folder: Path, *, seed: int = SEED, customers: int = 2000) -> None:
    """Write the shop's six files into `folder` (a workspace's `data`), made if it is not there.

    The same seed and number of customers give the same bytes, on any number of threads.
    Raises ValueError for fewer than 300 customers: the planted mistakes would be too many of them.
    """
    if customers < FEWEST_CUSTOMERS:
        raise ValueError(f"the sample needs at least {FEWEST_CUSTOMERS} customers, not {customers}")
    rngs = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(8)]
    products = make_products(rngs[0])
    planted = plant(customers, rngs[1])
    sold = sell(planted, products, rngs[2])
    people = enrol(planted, sold, products, rngs[3])

    folder.mkdir(parents=True, exist_ok=True)
    exported = customers_text(spoil_customers(people, rngs[4]))
    _write_text(folder / "customers.csv", "\ufeff" + exported)
    _write_text(folder / "products.csv", spoil_products(_listed(products)).write_csv())
    _write_text(folder / "suppressions.csv", suppress(people, rngs[5]).write_csv())
    _write_text(folder / "responses.csv", hear_back(people, rngs[6]).write_csv())
    _write_purchases(folder / "purchases.parquet", purchase_file(sold, rngs[7]))
    _write_stock(folder / "stock.xlsx", count_shelves(products, sold, rngs[0]))


def _listed(products: pl.DataFrame) -> pl.DataFrame:
    """Write the product list's columns as text: prices like 1,234.50, yes and no."""
    prices = [f"{price:,.2f}" for price in products["price"]]
    discontinued = pl.when("discontinued").then(pl.lit("yes")).otherwise(pl.lit("no"))
    return products.with_columns(
        pl.Series("price", prices),
        pl.col("unit_cost").cast(pl.Int64),
        pl.col("lead_time_sd_days").cast(pl.Int64),
        discontinued.alias("discontinued"),
    ).select(pl.col(LISTED).cast(pl.String))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")


def _write_purchases(path: Path, lines: pl.DataFrame) -> None:
    lines.write_parquet(path, compression="zstd", statistics=False, row_group_size=50_000)


def _write_stock(path: Path, counts: pl.DataFrame) -> None:
    """Write the sheet "On hand": numbers as numbers, dates as dates, a remark in place of one."""
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False}) as book:
        book.set_properties({"created": datetime.combine(NEWEST, time(), UTC)})
        sheet = book.add_worksheet("On hand")
        heading = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        shown = counts.drop("remark")
        sheet.write_row(0, 0, shown.columns, heading)
        for number, column in enumerate(shown.iter_columns()):
            sheet.write_column(1, number, column, day if column.dtype == pl.Date else None)
        for row in counts["remark"].is_not_null().arg_true():
            sheet.write_string(row + 1, shown.columns.index("on_hand"), counts["remark"][row])
        sheet.freeze_panes(1, 0)
        sheet.autofit()
