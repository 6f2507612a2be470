"""What goes from one location to another before anything is bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from targeting.stock.columns import TRANSFERS, empty, only
from targeting.stock.inputs import MOST_UNITS
from targeting.stock.packs import SLACK

_MOST_NAMES: Final = 3


def transfers(lines: pl.DataFrame) -> pl.DataFrame:
    """Give what moves: product_id, from_location, to_location, quantity (whole units), sorted.

    A line gives what lies on its shelf and is not reserved, beyond its own `order_up_to`; never
    what is still on order. It asks for what it is short of its `order_up_to`. Those that have not
    sold for 26 weeks ask for nothing and give first, then those with most to give. Who stands to
    lose most margin gets first, then who most likely runs out. A line without a location neither
    gives nor gets. Nobody does both: who can give has more available than its level.
    """
    asked = lines.filter(pl.col("location").is_not_null()).with_columns(
        _gives().alias("gives"), _asks().alias("asks")
    )
    moved = pl.min_horizontal(pl.col("gives", "asks").sum().over("product_id"))
    both = asked.with_columns(moved.alias("moved")).filter(pl.col("moved") > 0)
    if both.is_empty():
        return empty(TRANSFERS)
    risk = pl.col("stockout_risk").round(6)
    givers = both.sort(
        "product_id", "silent", "gives", "location", descending=[False, True, True, False]
    )
    takers = both.sort(
        "product_id", pl.col("expected_lost_margin").fill_null(0), risk, "location",
        descending=[False, True, True, False],
    )  # fmt: skip
    ends = _ends(givers, "gives", "from_location").join(
        _ends(takers, "asks", "to_location"), on=["product_id", "upto"], how="full", coalesce=True
    )
    return only(_pieces(ends).sort(list(TRANSFERS)), TRANSFERS)


def _gives() -> pl.Expr:
    free = pl.col("on_hand") - pl.col("reserved") - pl.col("order_up_to").clip(lower_bound=0)
    return (free.clip(0, MOST_UNITS) + SLACK).floor().cast(pl.Int64)


def _asks() -> pl.Expr:
    short = (pl.col("order_up_to") - pl.col("available")).clip(0, MOST_UNITS)
    asked = (short - SLACK).ceil().cast(pl.Int64)
    return pl.when(~pl.col("silent") & (short > SLACK)).then(asked).otherwise(0)


def _ends(ranked: pl.DataFrame, amount: str, place: str) -> pl.DataFrame:
    """Lay the amounts of a product end to end; say how far each reaches, up to all that moves."""
    upto = pl.col(amount).cum_sum().over("product_id")
    return (
        ranked.filter(pl.col(amount) > 0)
        .with_columns(upto.alias("upto"))
        .filter(pl.col("upto") - pl.col(amount) < pl.col("moved"))
        .select(
            "product_id", pl.min_horizontal("upto", "moved"), pl.col("location").alias(place)
        )
    )  # fmt: skip


def _pieces(ends: pl.DataFrame) -> pl.DataFrame:
    """Cut both rows of intervals at every end of either: each piece has one giver and one taker."""
    start = pl.col("upto").shift(1, fill_value=0).over("product_id")
    places = pl.col("from_location", "to_location").backward_fill().over("product_id")
    return ends.sort("product_id", "upto").with_columns(
        (pl.col("upto") - start).alias("quantity"), places
    )


@dataclass(frozen=True)
class _Side:
    """One end of a transfer, and how it is told."""

    here: str
    there: str
    total: str
    words: str
    one: str
    several: str
    way: str


_GETS = _Side("to_location", "from_location", "transfer_in", "gets", "comes", "come", "from")
_GIVES = _Side("from_location", "to_location", "transfer_out", "gives", "goes", "go", "to")


def with_moves(lines: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """Add `transfer_in` and `transfer_out` (units), and `gets` and `gives`: the same in words."""
    for side in (_GETS, _GIVES):
        told = _told(moves, side)
        lines = lines.join(told, on=["product_id", "location"], how="left", maintain_order="left")
    return lines.with_columns(pl.col("transfer_in", "transfer_out").fill_null(0))


def _told(moves: pl.DataFrame, side: _Side) -> pl.DataFrame:
    """Say of each location what it gets or gives: '12 come from Clifton, 3 from Saddar'."""
    quantity, place = pl.col("quantity"), pl.col(side.there)
    is_first = pl.int_range(pl.len()).over("product_id", side.here) == 0
    verb = pl.when(quantity == 1).then(pl.lit(f"{side.one} ")).otherwise(pl.lit(f"{side.several} "))
    said = pl.when(is_first).then(verb).otherwise(pl.lit(""))
    part = pl.concat_str(quantity.cast(pl.String), pl.lit(" "), said, pl.lit(f"{side.way} "), place)
    summed = (
        moves.with_columns(part.alias("part"))
        .group_by("product_id", side.here, maintain_order=True)
        .agg(quantity.sum().alias(side.total), pl.len().alias("places"), pl.col("part"))
    )
    many = pl.concat_str(
        pl.col(side.total).cast(pl.String),
        pl.lit(f" {side.several} {side.way} "),
        pl.col("places").cast(pl.String),
        pl.lit(" locations"),
    )
    all_of_them = pl.col("part").list.join(", ")
    text = pl.when(pl.col("places") > _MOST_NAMES).then(many).otherwise(all_of_them)
    return summed.select(
        "product_id", pl.col(side.here).alias("location"), side.total, text.alias(side.words)
    )
