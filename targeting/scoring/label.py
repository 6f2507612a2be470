"""Labels: what a customer did or not, with every feature strictly before it.

A column is a label as it stands, and a share of the customers, by keyed hash, judges. A label from
purchases is built at cut-off dates: the frame at a cut-off holds what was known that day, the label
what followed within the period. The newest cut-off judges, earlier ones train, and no label window
of training reaches past the judged cut-off. Windows of training may overlap: a long period would
leave one cut-off, of a time when the shop was young.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from targeting.customers.lines import Lines
from targeting.customers.spending import BOUGHT
from targeting.frames import CUSTOMER
from targeting.scoring.matrix import equals, share_by_hash
from targeting.scoring.note import Note
from targeting.scoring.rhythm import ALL, REPEATS, WITHIN, raw_rhythm
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.literals import Period
from targeting.workspace.scores import Likelihood, Predicts

CUT_OFF = "cut_off"
LABEL = "label"
MOST_CUT_OFFS = 6
STEP_DAYS = 30
HISTORY_DAYS = 60
JUDGING_SHARE = 0.25
RHYTHM_COLUMNS = (f"{ALL}_", f"{WITHIN}_")
BASELINE_FIELDS = ("recency_days", "frequency", "monetary")


class History(Protocol):
    """What was known at a past day: one row per customer who had bought by then, by customer_id.

    Every feature is made from purchases up to and including `cut_off`.
    """

    def __call__(self, cut_off: dt.date, /) -> pl.DataFrame:
        """Give the customers as they stood at the end of that day."""
        ...


@dataclass(frozen=True)
class Asked:
    """One likelihood as it was asked for."""

    name: str
    form: Likelihood
    key: str
    as_of: dt.date
    field_types: Catalogue


@dataclass(frozen=True)
class Labelled:
    """Rows with a label: one a customer and cut-off, sorted by both; `cut_off` null for a column.

    `newest` is what the model that scores learns from: for a column the training rows again, so
    that the judged customers' scores stay honest; for cut-offs the judged one joins the training.
    `days`: the label's period at the judged cut-off, None for a column. `buyers`: what BG/NBD reads
    (`raw_rhythm`) of everybody who had bought by the judged cut-off; empty for a column.
    """

    inputs: tuple[str, ...]
    train: pl.DataFrame
    judged: pl.DataFrame
    newest: pl.DataFrame
    days: int | None = None
    buyers: pl.DataFrame = field(default_factory=pl.DataFrame)
    notes: tuple[Note, ...] = ()


def label_words(predicts: Predicts) -> str:
    """Say the label as a report does: `buys within 30 days in category Laptops`."""
    if predicts.field is not None:
        return f"{predicts.field} is {predicts.value}"
    where = "".join(f" in {c} {v}" for c, v in (predicts.within or {}).items())
    if predicts.comes_back_within is not None:
        return f"having bought once, comes back within {predicts.comes_back_within}{where}"
    if predicts.buys_nothing_within is not None:
        return f"buys nothing within {predicts.buys_nothing_within}{where}"
    return f"buys within {predicts.buys_within}{where}"


def label_period(predicts: Predicts) -> Period | None:
    """Give the time that a customer has; None where the label is a column."""
    return predicts.buys_within or predicts.comes_back_within or predicts.buys_nothing_within


def sign(predicts: Predicts) -> int:
    """Say whether the label is a purchase (1), none (-1), or a column (0)."""
    if predicts.field is not None:
        return 0
    return -1 if predicts.buys_nothing_within is not None else 1


def from_column(asked: Asked, customers: pl.DataFrame) -> Labelled:
    """Label customers by a column of theirs; those without a value take no part."""
    predicts = asked.form.predicts
    assert predicts.field is not None
    assert predicts.value is not None
    field = pl.col(predicts.field)
    kind = customers.schema[predicts.field]
    columns = _columns(asked.form.inputs, customers)
    labelled = (
        customers.with_columns(equals(field, kind, predicts.value).cast(pl.Int8).alias(LABEL))
        .drop_nulls(LABEL)
        .select(CUSTOMER, pl.lit(None, dtype=pl.Date).alias(CUT_OFF), *columns, LABEL)
        .sort(CUSTOMER)
    )
    share = float(asked.form.judged_on.share or JUDGING_SHARE)
    judges = share_by_hash(asked.key, asked.name, share)
    train = labelled.filter(~judges)
    return Labelled(asked.form.inputs, train, labelled.filter(judges), train)


def from_purchases(
    asked: Asked, customers: pl.DataFrame, history: History, purchases: pl.DataFrame
) -> Labelled:
    """Label customers by what they bought after each cut-off."""
    period = label_period(asked.form.predicts)
    assert period is not None
    bought = bought_lines(purchases.lazy()).collect()
    judged_at, trained_at = cut_offs(asked, _first_day(bought))
    pasts = {day: _past(asked, day, history, bought) for day in (judged_at, *trained_at)}
    inputs, notes = _known_then(asked, pasts[judged_at], customers)
    rows = {
        day: past.join(customers.select(CUSTOMER, *_static(inputs, past)), on=CUSTOMER, how="left")
        .select(CUSTOMER, CUT_OFF, *_columns(inputs, past), LABEL)
        .sort(CUSTOMER)
        for day, past in pasts.items()
    }
    nothing = rows[judged_at].clear()
    newest = [judged_at, *trained_at][:MOST_CUT_OFFS]
    return Labelled(
        inputs=inputs,
        train=_together(nothing, [rows[day] for day in trained_at]),
        judged=rows[judged_at],
        newest=_together(nothing, [rows[day] for day in newest]),
        days=(judged_at - period.before(judged_at)).days,
        buyers=raw_rhythm(bought.lazy(), judged_at, asked.form.predicts.within),
        notes=notes,
    )


def cut_offs(asked: Asked, first_day: dt.date | None) -> tuple[dt.date, list[dt.date]]:
    """Give the judged cut-off and those of training, newest first, 30 days or a period apart.

    A training cut-off has at least 60 days, or a label period, of purchases before it; the newest
    may have less where there is no other.
    """
    period = label_period(asked.form.predicts)
    assert period is not None
    newest = asked.form.judged_on.newest or period
    judged_at = min(period.before(asked.as_of), newest.before(asked.as_of))
    trained_at: list[dt.date] = []
    day = period.before(judged_at)
    while first_day is not None and len(trained_at) < MOST_CUT_OFFS and day > first_day:
        if trained_at and _at_most(period, HISTORY_DAYS, day) < first_day:
            break
        trained_at.append(day)
        day = _at_most(period, STEP_DAYS, day)
    return judged_at, trained_at


def _at_most(period: Period, days: int, day: dt.date) -> dt.date:
    """Go back a period, or some days where those are fewer."""
    return max(period.before(day), day - dt.timedelta(days=days))


def bought_lines(purchases: pl.LazyFrame) -> pl.LazyFrame:
    """Keep the lines that are a purchase: returns and gifts are none."""
    priced = "quantity" in purchases.collect_schema()
    return purchases.filter(BOUGHT if priced else pl.col("amount") > 0)


def rhythm_on(lines: Lines, day: dt.date, within: Mapping[str, str] | None) -> pl.DataFrame:
    """Give what BG/NBD reads of every buyer on a day (`raw_rhythm`), by customer_id."""
    return lines.each(lambda part: raw_rhythm(bought_lines(part), day, within).lazy())


def base_rate(rows: pl.DataFrame) -> float | None:
    """Give the share of customers who did it; None without customers."""
    return int(rows[LABEL].sum()) / rows.height if rows.height else None


def _past(asked: Asked, day: dt.date, history: History, bought: pl.DataFrame) -> pl.DataFrame:
    """Join what was known at a cut-off with what followed it."""
    predicts = asked.form.predicts
    period = label_period(predicts)
    assert period is not None
    within = pl.col("purchased_on").is_between(day, period.after(day), closed="right")
    matching = [equals(pl.col(c), bought.schema[c], v) for c, v in (predicts.within or {}).items()]
    followed = bought.filter(within, *matching).select(CUSTOMER).unique()
    rhythm = raw_rhythm(bought.lazy(), day, predicts.within)
    known = history(day).join(rhythm, on=CUSTOMER, how="left")
    if predicts.comes_back_within is not None:
        known = known.filter(pl.col(REPEATS) == 0)
    did = followed.with_columns(pl.lit(1, dtype=pl.Int8).alias(LABEL))
    labelled = known.join(did, on=CUSTOMER, how="left").with_columns(
        pl.col(LABEL).fill_null(0), pl.lit(day, dtype=pl.Date).alias(CUT_OFF)
    )
    if predicts.buys_nothing_within is None:
        return labelled
    return labelled.with_columns((1 - pl.col(LABEL)).alias(LABEL))


def _known_then(
    asked: Asked, past: pl.DataFrame, customers: pl.DataFrame
) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """Keep the inputs that past frames have, and attributes that do not change with purchases."""
    kept, notes = [], []
    for name in asked.form.inputs:
        field = asked.field_types.get(name)
        attribute = name in customers.columns and field is not None and field.origin == "customers"
        if name in past.columns or attribute:
            kept.append(name)
        else:
            text = f"'{name}' is not known at past cut-offs: it is left out"
            notes.append(Note("M006", name, text))
    return tuple(kept), tuple(notes)


def _static(inputs: Sequence[str], past: pl.DataFrame) -> list[str]:
    return [name for name in inputs if name not in past.columns]


def _columns(inputs: Sequence[str], rows: pl.DataFrame) -> list[str]:
    baselines = [name for name in BASELINE_FIELDS if name in rows.columns]
    rhythm = [name for name in rows.columns if name.startswith(RHYTHM_COLUMNS)]
    return list(dict.fromkeys([*inputs, *baselines, *rhythm]))


def _together(nothing: pl.DataFrame, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([nothing, *parts], how="vertical_relaxed").sort(CUSTOMER, CUT_OFF)


def _first_day(bought: pl.DataFrame) -> dt.date | None:
    first = bought["purchased_on"].min()
    assert first is None or isinstance(first, dt.date)
    return first
