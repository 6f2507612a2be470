"""What intake hands on: clean frames, refused rows, and where every row went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from targeting.intake.spilled import Aside, Kernel, Spilled
from targeting.problems import Problem
from targeting.workspace.columns import SourceName


@dataclass(frozen=True)
class Counts:
    """What became of one source's rows and cells. Cells are counted in the rows used."""

    file: str  # its name without the folder
    rows: int  # records and lines below the header
    used: int
    rejected: Mapping[str, int]  # by reason
    set_aside: int  # outside `where`
    emptied: Mapping[str, int]  # by field: bad cells made missing (if_bad: missing)
    filled: Mapping[str, int]
    not_finite: Mapping[str, int]  # NaN and infinite, made missing
    future: Mapping[str, int]  # dates after as_of
    sha256: str

    def __post_init__(self) -> None:
        accounted = self.used + sum(self.rejected.values()) + self.set_aside
        assert self.rows == accounted, (
            f"{self.file}: {self.rows} rows in, {accounted} accounted for"
        )


@dataclass(frozen=True)
class Read:
    """All sources, read.

    `frames` have the kept rows under our names, typed, money in minor units, in the order of the
    file. `rejects` has one row for each rejected row, with its first problem in column order.
    `without_customer` purchases count for stock only. `refused_products`: by source, the products
    of rejected rows.
    """

    frames: Mapping[SourceName, pl.DataFrame]
    unfilled: Mapping[SourceName, pl.DataFrame]  # the same before missing numbers were filled
    rejects: pl.DataFrame
    sources: Mapping[SourceName, Counts]
    without_customer: int
    as_of: dt.date
    warnings: tuple[Problem, ...]
    refused_products: Mapping[SourceName, pl.Series] = field(default_factory=dict)
    spilled: Spilled | None = None  # the purchases, where they wait on disk; then they are no frame
    listed: Aside | None = None  # the customers, where they wait on disk too
    listed_unfilled: Aside | None = None

    @property
    def newest_purchase(self) -> dt.date | None:
        """Give the day of the newest purchase."""
        if self.spilled is not None:
            return self.spilled.newest
        newest = self.frames["purchases"]["purchased_on"].max()
        assert newest is None or isinstance(newest, dt.date)
        return newest

    def unfilled_customers(self) -> pl.LazyFrame | None:
        """Give the customers before missing numbers were filled; None where there is no list."""
        if self.listed_unfilled is not None:
            return pl.concat(self.listed_unfilled.pieces())
        return self.unfilled["customers"].lazy() if "customers" in self.unfilled else None

    def summed(self, source: SourceName, kernel: Kernel) -> pl.DataFrame | None:
        """Make a table of a source's rows, where they are, one for each piece; None without it."""
        if source == "purchases" and self.spilled is not None:
            return self.spilled.summed(kernel)
        if source == "customers" and self.listed is not None:
            return self.listed.summed(kernel)
        frame = self.frames.get(source)
        return None if frame is None else kernel(frame.lazy()).collect(engine="streaming")
