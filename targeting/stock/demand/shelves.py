"""Products and locations by number: whole numbers are grouped and joined far faster than texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from targeting.stock.inputs import KEY, Frame


@dataclass(frozen=True)
class Shelves:
    """Numbers each product and location in the order of their names; no location comes first."""

    products: pl.Enum
    locations: pl.Enum

    @classmethod
    def of(cls, frames: Iterable[Frame]) -> Shelves:
        """Take every product_id and location that stands in a frame."""
        named = list(frames)
        return cls(*(_names(named, name) for name in KEY))

    @property
    def number(self) -> pl.Expr:
        """Turn product_id and location into the `shelf`."""
        product = pl.col("product_id").cast(self.products).to_physical().cast(pl.Int64)
        location = pl.col("location").cast(self.locations).to_physical().cast(pl.Int64)
        return (product * self._width + (location + 1).fill_null(0)).alias("shelf")

    def product_id(self) -> pl.Expr:
        """Name the product of a `shelf`."""
        place = pl.col("shelf") // self._width
        return _named(self.products, place).alias("product_id")

    def location(self) -> pl.Expr:
        """Name the location of a `shelf`; missing where it has none."""
        place = pl.col("shelf") % self._width - 1
        return _named(self.locations, pl.when(place >= 0).then(place)).alias("location")

    def nowhere(self, shelf: pl.Expr) -> pl.Expr:
        """Give the shelf of the same product and no location."""
        return shelf // self._width * self._width

    @property
    def _width(self) -> int:
        return len(self.locations.categories) + 1


def _names(frames: Iterable[Frame], name: str) -> pl.Enum:
    texts = pl.col(name).cast(pl.String).drop_nulls().unique()
    found = [
        frame.lazy().select(texts).collect(engine="streaming")[name]
        for frame in frames
        if name in frame.collect_schema()
    ]
    return pl.Enum(pl.concat([pl.Series(dtype=pl.String), *found]).unique().sort())


def _named(names: pl.Enum, place: pl.Expr) -> pl.Expr:
    return pl.lit(names.categories).gather(place)
