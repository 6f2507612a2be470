"""What was sold: orders, their lines, returns, and the till's customers without a name."""

import numpy as np
import polars as pl

from targeting.sample.days import (
    FIRST_WINDOW_DAY,
    LAST_DAY,
    WINDOW_DAYS,
    Floats,
    Ints,
    draw_days,
    elapsed_busyness,
    to_dates,
)
from targeting.sample.habits import STORES
from targeting.sample.products import (
    BRANDS,
    MIDDLE,
    MOST_IN_A_CELL,
    POPULARITY,
    SMALL,
    TIERS,
    products_by_cell,
)

_AT_HOME_STORE = 0.88
_RETURNED_LINES = 0.02
_CASH_ORDERS = 1400  # nobody asked for a name
_OFFICE_ORDERS = 90  # an office buys many of one thing, without a customer number
_UNLISTED_PRODUCT = "EL-9001"  # sold, but nobody listed it
_UNLISTED_LINES = 24
_DISCOUNTS = (0.0, 0.05, 0.10)


def sell(planted: pl.DataFrame, products: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Sell for three years: one row a line, oldest first.

    Columns: customer_id (missing at the till), receipt, day, product_id, quantity, amount (rupees),
    store. A return is a line of its own with negative quantity and amount.
    """
    orders = _orders(planted, rng)
    lines = _lines(planted, orders, rng)
    named = _priced(lines, products, rng).with_columns(
        planted["customer_id"].gather(lines["customer"]).alias("customer_id")
    )
    sold = pl.concat(
        [named, _cash(products, rng), _office(products, rng), _unlisted(rng)], how="diagonal"
    )
    sold = pl.concat([sold, _returned(sold, rng)], how="diagonal")
    return _with_receipts(sold)


def _orders(planted: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """One row an order: customer (row of `planted`), order (its number) and day."""
    first, last = planted["first_day"].to_numpy(), planted["last_day"].to_numpy()
    everyone = np.arange(planted.height)
    newest = everyone[planted["buys"].to_numpy()]
    recent = np.repeat(everyone, np.maximum(planted["orders"].to_numpy() - 1, 0))
    older = np.repeat(everyone, rng.poisson(_expected_older_orders(planted)))
    customer = np.concatenate([newest, recent, older])
    day = np.concatenate(
        [
            last[newest],
            draw_days(rng, np.maximum(FIRST_WINDOW_DAY, first)[recent], last[recent]),
            draw_days(rng, first[older], np.minimum(FIRST_WINDOW_DAY - 1, last)[older]),
        ]
    )
    return pl.DataFrame({"customer": customer, "day": day}).with_row_index("order")


def _expected_older_orders(planted: pl.DataFrame) -> Floats:
    elapsed = elapsed_busyness()
    first = planted["first_day"].to_numpy()
    end = np.minimum(FIRST_WINDOW_DAY, planted["last_day"].to_numpy())
    busy_days = np.maximum(elapsed[end] - elapsed[np.minimum(first, end)], 0.0)
    return np.asarray(planted["usual_orders"].to_numpy() / WINDOW_DAYS * busy_days)


def _lines(planted: pl.DataFrame, orders: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """One row a line: order, customer, day, brand_number, tier and store (a number)."""
    habits = planted.select(
        pl.int_range(pl.len()).alias("customer"),
        "fewest_lines", "most_lines", "tier", "brand_number", "brand_share", "extra", "store",
    )  # fmt: skip
    orders = orders.join(habits, on="customer", how="left", maintain_order="left").with_columns(
        pl.when(pl.Series(rng.random(orders.height)) < _AT_HOME_STORE)
        .then("store")
        .otherwise(pl.Series(rng.integers(0, len(STORES), orders.height)))
        .alias("store")
    )
    count = rng.integers(orders["fewest_lines"].to_numpy(), orders["most_lines"].to_numpy() + 1)
    main = orders[np.repeat(np.arange(orders.height), count)]
    small = orders.filter(pl.Series(rng.random(orders.height)) < pl.col("extra"))
    small = small.with_columns(pl.lit(SMALL, dtype=pl.Int64).alias("tier"))
    lines = pl.concat([main, small])
    lines = lines.with_columns(pl.Series("luck", rng.random(lines.height)))
    lines = lines.with_columns(_chosen_brand())
    return lines.select(
        pl.format("order {}", "order"), "customer", "day", "brand_number", "tier", "store"
    )


def _chosen_brand() -> pl.Expr:
    """Give the loved brand its share of a customer's lines, the others the rest in turn.

    Shares are kept within each customer, tier and period (the trailing window and before it),
    so that a customer's affinity is what its habits say and not an accident of few lines.
    """
    period = ["customer", "tier", pl.col("day") >= FIRST_WINDOW_DAY]
    place = pl.col("luck").rank("ordinal").over(period).cast(pl.Int64) - 1
    loved_lines = (pl.col("brand_share") * pl.len().over(period)).round()
    turn = (place + pl.col("customer")) % (len(BRANDS) - 1) + 1
    return (
        pl.when(place < loved_lines)
        .then("brand_number")
        .otherwise((pl.col("brand_number") + turn) % len(BRANDS))
        .alias("brand_number")
    )


def _priced(lines: pl.DataFrame, products: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Choose each line's product by popularity, its quantity and what is paid for it."""
    chosen = products[_chosen_products(lines, products, rng)]
    quantity = _quantities(lines["tier"].to_numpy(), rng)
    discount = rng.choice(_DISCOUNTS, lines.height, p=[0.72, 0.18, 0.10])
    amount = np.round(chosen["price"].to_numpy() * quantity * (1 - discount))
    return lines.select("order", "day", "store").with_columns(
        chosen["product_id"], pl.Series("quantity", quantity), pl.Series("amount", amount)
    )


def _chosen_products(lines: pl.DataFrame, products: pl.DataFrame, rng: np.random.Generator) -> Ints:
    brand, tier, day = (lines[name].to_numpy() for name in ("brand_number", "tier", "day"))
    made = np.array([band.products_of_a_brand for band in TIERS])
    chances = np.where(np.arange(MOST_IN_A_CELL) < made[:, None], POPULARITY, 0.0)
    upper = np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)[:, :-1]
    place = (rng.random(lines.height)[:, None] > upper[tier]).sum(axis=1)
    cells = products_by_cell(products)
    wanted = cells[brand, tier, np.minimum(place, made[tier] - 1)]
    first_sold, ended = (products[name].to_numpy()[wanted] for name in ("first_sold", "ended"))
    on_sale = (first_sold <= day) & (day < ended)
    sold: Ints = np.where(on_sale, wanted, cells[brand, tier, 0])
    return sold


def _quantities(tier: Ints, rng: np.random.Generator) -> Ints:
    several = rng.choice([1, 2, 3], len(tier), p=[0.8, 0.15, 0.05])
    return np.where(tier == SMALL, several, 1)


def _cash(products: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    lines = pl.DataFrame(
        {
            "order": np.arange(_CASH_ORDERS),
            "day": _any_days(_CASH_ORDERS, rng),
            "brand_number": rng.integers(0, len(BRANDS), _CASH_ORDERS),
            "tier": rng.choice(len(TIERS), _CASH_ORDERS, p=[0.85, 0.12, 0.025, 0.005]),
            "store": rng.integers(0, len(STORES), _CASH_ORDERS),
        }
    ).with_columns(pl.format("till {}", "order").alias("order"))
    return _priced(lines, products, rng)


def _office(products: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """One line an order: ten to forty pieces of one of the less popular small or middle things."""
    seldom = products.filter(
        (pl.col("tier") <= MIDDLE) & (pl.col("place") >= 2) & (pl.col("ended") > LAST_DAY)
    )
    chosen = seldom[rng.integers(0, seldom.height, _OFFICE_ORDERS)]
    quantity = rng.integers(10, 41, _OFFICE_ORDERS)
    return pl.DataFrame(
        {
            "order": [f"office {number}" for number in range(_OFFICE_ORDERS)],
            "day": _any_days(_OFFICE_ORDERS, rng),
            "store": rng.integers(0, len(STORES), _OFFICE_ORDERS),
            "product_id": chosen["product_id"],
            "quantity": quantity,
            "amount": np.round(chosen["price"].to_numpy() * quantity * 0.9),
        }
    )


def _unlisted(rng: np.random.Generator) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "order": [f"unlisted {number}" for number in range(_UNLISTED_LINES)],
            "day": _any_days(_UNLISTED_LINES, rng),
            "store": rng.integers(0, len(STORES), _UNLISTED_LINES),
            "product_id": [_UNLISTED_PRODUCT] * _UNLISTED_LINES,
            "quantity": np.ones(_UNLISTED_LINES, dtype=np.int64),
            "amount": np.full(_UNLISTED_LINES, 2490.0),
        }
    )


def _any_days(count: int, rng: np.random.Generator) -> Ints:
    return draw_days(rng, np.zeros(count, dtype=np.int64), np.full(count, LAST_DAY))


def _returned(sold: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Bring some lines back within two weeks, for the money paid."""
    returned = sold.filter(pl.Series(rng.random(sold.height)) < _RETURNED_LINES).rechunk()
    day = np.minimum(returned["day"].to_numpy() + rng.integers(1, 15, returned.height), LAST_DAY)
    return returned.with_columns(
        pl.format("return of {}, {}", "order", pl.int_range(pl.len())).alias("order"),
        pl.Series("day", day),
        -pl.col("quantity"),
        -pl.col("amount"),
    )


def _with_receipts(sold: pl.DataFrame) -> pl.DataFrame:
    """Number the receipts from the oldest on, one an order, and put the lines in that order."""
    number = pl.struct("day", "order").rank("dense").cast(pl.Int64)
    stores = pl.Series(STORES)
    return (
        sold.with_columns(number.alias("number"), stores.gather(sold["store"]).alias("store"))
        .sort("number", maintain_order=True)
        .select(
            "customer_id",
            pl.format("R{}", pl.col("number") + 200000).alias("receipt"),
            "day", "product_id", "quantity", "amount", "store",
        )
    )  # fmt: skip


def purchase_file(sold: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Put the sales under the till's own headers, with the till's own mistakes.

    A few customer numbers are "" or Hidden, three dates and three amounts are missing.
    """
    text = rng.choice(sold.height, 60, replace=False)
    blank, hidden, undated, unpaid = np.split(text, [30, 54, 57])
    row = pl.int_range(pl.len())
    return sold.select(
        pl.when(row.is_in(blank.tolist()))
        .then(pl.lit(""))
        .when(row.is_in(hidden.tolist()))
        .then(pl.lit("Hidden"))
        .otherwise("customer_id")
        .alias("Customer"),
        pl.col("receipt").alias("Receipt"),
        pl.when(~row.is_in(undated.tolist())).then(to_dates(sold["day"].to_numpy())).alias("Date"),
        pl.col("product_id").alias("SKU"),
        pl.col("quantity").cast(pl.Int64).alias("Qty"),
        pl.when(~row.is_in(unpaid.tolist())).then("amount").alias("Line_Total"),
        pl.col("store").alias("Store"),
    )
