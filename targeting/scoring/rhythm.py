"""The rhythm of purchases as fields of a customer: how many to expect, and is he still one?

The figures of `bgnbd` for all purchases and, where a label asks for a category, for the purchases
in it. Parameters are fitted once for all cut-offs that a model learns from: fitted at each, they
jump while a shop is young, and the same number would mean something else at every cut-off.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from targeting.frames import CUSTOMER
from targeting.scoring.bgnbd import (
    BgNbd,
    Rhythm,
    alive,
    buys,
    expected_purchases,
    fit_bgnbd,
    rhythms,
)
from targeting.scoring.matrix import equals

ALL, WITHIN = "bgnbd", "within"
REPEATS = f"{ALL}_repeats"  # missing: never bought
MOST_ROWS = 50_000
_RAW = ("repeats", "last", "age")


@dataclass(frozen=True)
class RhythmModel:
    """BG/NBD for all purchases and for those in the label's category, over a label's period.

    A model is None where nobody came back; `both`: the label has a category.
    """

    days: int
    both: bool
    all: BgNbd | None
    within: BgNbd | None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Name the fields that a likelihood learns from, besides those it was given."""
        fitted = {ALL: self.all, WITHIN: self.within}
        return tuple(
            f"{which}_{what}"
            for which, model in fitted.items()
            if model is not None
            for what in ("purchases", "alive")
        )


def raw_rhythm(
    bought: pl.LazyFrame, cut_off: dt.date, within: Mapping[str, str] | None
) -> pl.DataFrame:
    """Give each buyer's repeats, last and age (`bgnbd.Rhythm`) on a day, by customer_id.

    Columns `bgnbd_repeats`, … and, with a category, `within_repeats`, … of the purchases in it.
    """
    found = _named(rhythms(bought, cut_off), ALL)
    if within:
        schema = bought.collect_schema()
        there = [equals(pl.col(name), schema[name], value) for name, value in within.items()]
        inside = _named(rhythms(bought.filter(there), cut_off), WITHIN)
        found = found.join(inside, on=CUSTOMER, how="left")
    return found.sort(CUSTOMER).collect()


def fit_rhythm(rows: pl.DataFrame, days: int) -> RhythmModel:
    """Fit on customers as they stand on one day, in the order of their hash."""
    both = f"{WITHIN}_repeats" in rows.columns
    return RhythmModel(days, both, _fit(rows, ALL), _fit(rows, WITHIN) if both else None)


def add_rhythm(rows: pl.DataFrame, model: RhythmModel) -> pl.DataFrame:
    """Add `bgnbd_purchases`, `bgnbd_alive` and `bgnbd_buys`, and the same of `within`.

    Expected purchases within the label's period (0 for who never bought there), the probability of
    being a customer still, and of a purchase within the period; missing for who never bought.
    """
    rows = _with(rows, model.all, ALL, model.days)
    return _with(rows, model.within, WITHIN, model.days) if model.both else rows


def _named(found: pl.LazyFrame, which: str) -> pl.LazyFrame:
    return found.rename({name: f"{which}_{name}" for name in _RAW})


def _fit(rows: pl.DataFrame, which: str) -> BgNbd | None:
    seen = rows.select(_columns(which)).drop_nulls().head(MOST_ROWS)
    return fit_bgnbd(_rhythm(seen, which))


def _columns(which: str) -> list[str]:
    return [f"{which}_{name}" for name in _RAW]


def _rhythm(rows: pl.DataFrame, which: str) -> Rhythm:
    return Rhythm(*(rows[name].to_numpy() for name in _columns(which)))


def _with(rows: pl.DataFrame, model: BgNbd | None, which: str, days: int) -> pl.DataFrame:
    if model is None:
        return rows
    known = rows[f"{which}_repeats"].is_not_null()
    seen = _rhythm(rows.with_columns(pl.col(_columns(which)).fill_null(0.0)), which)
    figures = {
        "purchases": expected_purchases(model, seen, days),
        "alive": alive(model, seen),
        "buys": buys(model, seen, days),
    }
    found = pl.DataFrame({f"{which}_{name}": values for name, values in figures.items()})
    found = found.select(pl.when(known).then(pl.all().round(6)))
    return rows.with_columns(found.with_columns(pl.col(f"{which}_purchases").fill_null(0.0)))
