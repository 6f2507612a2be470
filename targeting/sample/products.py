"""What the shop sells: eight invented brands, twenty-eight kinds of product, 120 products."""

from typing import NamedTuple

import numpy as np
import polars as pl

from targeting.sample.days import LAST_DAY, Ints

# name, price factor, share of the customers who love it, supplier
BRANDS = (
    ("Zarvoni", 1.25, 0.21, "Harbour Road Traders"),
    ("Tavrenko", 0.95, 0.17, "Indus Gate Wholesale"),
    ("Ilmorex", 1.10, 0.15, "Northern Arc Imports"),
    ("Quandelle", 1.00, 0.13, "Harbour Road Traders"),
    ("Shamvolt", 0.85, 0.12, "Indus Gate Wholesale"),
    ("Orbiqa", 0.92, 0.09, "Blue Lantern Supply"),
    ("Norvessa", 1.05, 0.08, "Northern Arc Imports"),
    ("Kehkava", 0.80, 0.05, "Blue Lantern Supply"),
)
BRAND_LOVE = np.array([brand[2] for brand in BRANDS])


class Kind(NamedTuple):
    """A kind of product, its category and its usual price in rupees."""

    name: str
    category: str
    price: int


class Tier(NamedTuple):
    """A price band: how many of its kinds each brand makes, and how the planner buys them."""

    products_of_a_brand: int
    cost_share: tuple[float, float]
    pack_size: int
    minimum_order: int
    lead_time_days: tuple[int, int]
    kinds: tuple[Kind, ...]


SMALL, MIDDLE, HIGH, TOP = range(4)
TIERS = (
    Tier(5, (0.45, 0.62), 20, 40, (7, 18), (
        Kind("USB-C cable", "Accessories", 690),
        Kind("phone case", "Accessories", 950),
        Kind("screen guard", "Accessories", 590),
        Kind("fast charger", "Accessories", 1890),
        Kind("memory card 64 GB", "Accessories", 1750),
        Kind("HDMI cable", "Accessories", 1190),
        Kind("AA batteries, pack of 8", "Accessories", 780),
        Kind("power strip", "Accessories", 1650),
        Kind("wireless mouse", "Accessories", 1450),
    )),
    Tier(4, (0.62, 0.74), 6, 6, (12, 28), (
        Kind("wireless earbuds", "Audio", 9500),
        Kind("Bluetooth speaker", "Audio", 12500),
        Kind("over-ear headphones", "Audio", 15500),
        Kind("soundbar", "Audio", 17900),
        Kind("power bank 20,000 mAh", "Accessories", 8200),
        Kind("mechanical keyboard", "Accessories", 9900),
        Kind("TV stick", "TV and video", 11500),
        Kind("button phone", "Phones", 8900),
    )),
    Tier(3, (0.72, 0.82), 2, 2, (14, 35), (
        Kind("5G phone 128 GB", "Phones", 52000),
        Kind("phone 64 GB", "Phones", 38000),
        Kind("32-inch TV", "TV and video", 44000),
        Kind("study laptop", "Laptops", 64000),
        Kind("party speaker", "Audio", 36000),
        Kind("camera phone 256 GB", "Phones", 58000),
    )),
    Tier(3, (0.78, 0.86), 1, 1, (21, 45), (
        Kind("work laptop", "Laptops", 165000),
        Kind("gaming laptop", "Laptops", 245000),
        Kind("55-inch TV", "TV and video", 145000),
        Kind("65-inch TV", "TV and video", 215000),
        Kind("flagship phone 512 GB", "Phones", 190000),
    )),
)  # fmt: skip
MOST_IN_A_CELL = max(tier.products_of_a_brand for tier in TIERS)
POPULARITY = np.array([0.46, 0.26, 0.15, 0.09, 0.04])  # of a brand's products in one tier

NEVER_LAUNCHED_LATER, NEVER_ENDED = 0, LAST_DAY + 1
_DISCONTINUED = {"Orbiqa": 860, "Norvessa": 930, "Kehkava": 790}  # small tier: last day sold
_DEAD = {"Zarvoni": 700, "Quandelle": 640, "Shamvolt": 760}  # middle tier: nobody buys any more
_LAUNCHED = {"Zarvoni": LAST_DAY - 75, "Tavrenko": LAST_DAY - 120, "Ilmorex": LAST_DAY - 40}

LISTED = (
    "product_id", "product", "category", "brand", "supplier", "unit_cost", "price", "pack_size",
    "minimum_order", "shelf_life_days", "lead_time_days", "lead_time_sd_days", "discontinued",
)  # fmt: skip


def make_products(rng: np.random.Generator) -> pl.DataFrame:
    """Make one row a product: the columns of `LISTED` and how it sells.

    `brand_number`, `tier` and `place` (0 is the best seller of its brand and tier) find a product;
    it is sold from day `first_sold` until before day `ended`. Money is in whole rupees.
    """
    rows = [
        (number, tier_number, place, TIERS[tier_number].kinds[kind])
        for number in range(len(BRANDS))
        for tier_number, tier in enumerate(TIERS)
        for place, kind in enumerate(_kinds_made(number, tier))
    ]
    count = len(rows)
    brand_number = np.array([row[0] for row in rows])
    tier_number = np.array([row[1] for row in rows])
    kinds = [row[3] for row in rows]
    usual = np.array([kind.price for kind in kinds])
    factor = np.array([brand[1] for brand in BRANDS])[brand_number]
    price = np.round(usual * factor * rng.uniform(0.95, 1.05, count) / 10) * 10
    low_cost, high_cost = np.array([tier.cost_share for tier in TIERS])[tier_number].T
    fast, slow = np.array([tier.lead_time_days for tier in TIERS])[tier_number].T
    lead_time = rng.integers(fast, slow + 1)
    return pl.DataFrame(
        {
            "product_id": [f"EL-{1001 + number}" for number in range(count)],
            "kind": [kind.name for kind in kinds],
            "category": [kind.category for kind in kinds],
            "brand": [BRANDS[number][0] for number in brand_number],
            "supplier": [BRANDS[number][3] for number in brand_number],
            "unit_cost": np.round(price * rng.uniform(low_cost, high_cost)),
            "price": price,
            "pack_size": np.array([tier.pack_size for tier in TIERS])[tier_number],
            "minimum_order": np.array([tier.minimum_order for tier in TIERS])[tier_number],
            "lead_time_days": lead_time,
            "lead_time_sd_days": np.maximum(1, np.round(lead_time * rng.uniform(0.1, 0.35, count))),
            "brand_number": brand_number,
            "tier": tier_number,
            "place": np.array([row[2] for row in rows]),
        }
    ).with_columns(
        pl.format("{} {}", "brand", "kind").alias("product"),
        pl.when(pl.col("kind").str.contains("batteries")).then(1095).alias("shelf_life_days"),
        *_life(),
    )


def _kinds_made(brand_number: int, tier: Tier) -> Ints:
    made = brand_number * 3 + np.arange(tier.products_of_a_brand)
    return (made % len(tier.kinds)).astype(np.int64)


def _life() -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    brand, tier, place = pl.col("brand"), pl.col("tier"), pl.col("place")
    worst_small = (tier == SMALL) & (place == TIERS[SMALL].products_of_a_brand - 1)
    worst_middle = (tier == MIDDLE) & (place == TIERS[MIDDLE].products_of_a_brand - 1)
    second_high = (tier == HIGH) & (place == 1)
    discontinued = worst_small & brand.is_in(list(_DISCONTINUED))
    return (
        discontinued.alias("discontinued"),
        pl.when(discontinued)
        .then(brand.replace_strict(_DISCONTINUED, default=NEVER_ENDED))
        .when(worst_middle)
        .then(brand.replace_strict(_DEAD, default=NEVER_ENDED))
        .otherwise(NEVER_ENDED)
        .alias("ended"),
        pl.when(second_high)
        .then(brand.replace_strict(_LAUNCHED, default=NEVER_LAUNCHED_LATER))
        .otherwise(NEVER_LAUNCHED_LATER)
        .alias("first_sold"),
    )


def products_by_cell(products: pl.DataFrame) -> Ints:
    """Find a product's row by brand number, tier and place; -1 where a brand makes fewer."""
    cells = np.full((len(BRANDS), len(TIERS), MOST_IN_A_CELL), -1, dtype=np.int64)
    where = (products["brand_number"], products["tier"], products["place"])
    cells[tuple(column.to_numpy() for column in where)] = np.arange(products.height)
    return cells
