"""Drift: how far tonight's customers have moved from those that the models were made of.

Population stability index (Siddiqi 2006, Credit Risk Scorecards): the sum over bins of
(now - then) * ln(now / then), shares of customers; below 0.1 little has changed, to 0.25 some,
above much. Half a customer is added to each bin, on both sides, so that no share is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.customers.held import Columns
from targeting.scoring.matrix import Floats, Input, numbers
from targeting.workspace.catalogue import Catalogue, Field

Counts: TypeAlias = npt.NDArray[np.int64]
Kind = Literal["number", "category", "yes/no"]
Level = Literal["little", "some", "much"]

BINS = 10
SOME, MUCH = 0.1, 0.25
BY_CHANCE = 0.05


@dataclass(frozen=True)
class Profile:
    """How the customers of one field were spread when the models were made.

    `edges` end the bins of numbers, the last of which is open; an edge lies in the bin it ends.
    Each of `own` is a value with a bin to itself: what more than a tenth of the customers share,
    no and yes (0 and 1), the nine most frequent categories. `customers` counts those bins in this
    order (the bin of other categories first), then who has no value. `middle` is the number that
    the middle customer has; None for words, or without values.
    """

    field: str
    kind: Kind
    edges: tuple[float, ...]
    own: tuple[float | str, ...]
    customers: tuple[int, ...]
    middle: float | None = None

    @property
    def shares(self) -> tuple[float, ...]:
        """Give each bin's share of the customers, 0 to 1 to 6 decimals."""
        return tuple(round(count / max(sum(self.customers), 1), 6) for count in self.customers)


@dataclass(frozen=True)
class Drift:
    """How far one field has moved: population stability index, to 6 decimals, and a sentence."""

    field: str
    psi: float
    level: Level
    said: str


def profile(customers: pl.DataFrame, inputs: Sequence[Input]) -> tuple[Profile, ...]:
    """Describe the inputs' values, one row a customer; a score is a number like any other."""
    return tuple(_profile(customers[entering.name], entering) for entering in inputs)


def drift(
    profiles: Sequence[Profile],
    customers: Columns,
    field_types: Catalogue | None = None,
    minor: int = 100,
) -> tuple[Drift, ...]:
    """Compare customers (one a row) with profiles; a field that is gone is missing for everyone.

    `field_types` gives units to the sentences, `minor` is how many minor units make one of money.
    """
    return tuple(
        _drift(before, _of(customers, before.field), (field_types or {}).get(before.field), minor)
        for before in profiles
    )


def psi(then: Counts, now: Counts) -> float:
    """Give the population stability index of two counts of the same bins; 0 without customers."""
    used = (then + now) > 0
    if not then.sum() or not now.sum():
        return 0.0
    before, after = (counts[used] + 0.5 for counts in (then, now))
    before, after = before / before.sum(), after / after.sum()
    return float(np.sum((after - before) * np.log(after / before)))


def by_chance(then: Counts, now: Counts) -> float:
    """Give the index that two samples of the same customers exceed once in 20 times.

    It is then spread as (1 / n + 1 / m) times chi-square with one degree less than bins (Yurdakul
    2018, Statistical Properties of Population Stability Index). Below it nothing is said to move.
    """
    from scipy.special import chdtri

    freedom = int(((then + now) > 0).sum()) - 1
    if freedom < 1 or not then.sum() or not now.sum():
        return 0.0
    return float(chdtri(freedom, BY_CHANCE)) * (1 / int(then.sum()) + 1 / int(now.sum()))


def _profile(column: pl.Series, entering: Input) -> Profile:
    kind: Kind = "yes/no" if column.dtype == pl.Boolean else entering.kind
    if kind == "category":
        empty = Profile(entering.name, kind, (), _most_frequent(column), ())
    elif kind == "yes/no":
        empty = Profile(entering.name, kind, (), (0.0, 1.0), ())
    else:
        empty = Profile(entering.name, kind, *_bins(np.sort(_known(column))), ())
    counts = tuple(_counted(column, empty).tolist())
    return replace(empty, customers=counts, middle=_middle(column, kind))


def _most_frequent(column: pl.Series) -> tuple[str, ...]:
    words = column.cast(pl.String).drop_nulls().alias("word")
    counts = words.value_counts(name="customers").sort(
        "customers", "word", descending=[True, False]
    )
    return tuple(sorted(counts["word"].head(BINS - 1)))


def _bins(ordered: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Give the edges of bins of about a tenth each, and the values that more than a tenth share."""
    starts = np.flatnonzero(np.diff(ordered, prepend=np.nan))
    values, counts = ordered[starts], np.diff(starts, append=ordered.size)
    shared = counts * BINS > ordered.size
    rest = ordered[~np.isin(ordered, values[shared])] if shared.any() else ordered
    bins = max(1, round(BINS * rest.size / max(ordered.size, 1)))
    places = np.arange(1, bins) * rest.size // bins - 1
    edges = np.unique(rest[places[places >= 0]])
    return tuple(edges.tolist()), tuple(values[shared].tolist())


def _counted(column: pl.Series, bins: Profile) -> Counts:
    """Count the customers of each bin, those without a value last."""
    if bins.kind == "category":
        return _counted_words(column, bins)
    known = _known(column)
    place = np.searchsorted(bins.edges, known, side="left")
    for at, value in enumerate(bins.own, start=len(bins.edges) + 1):
        place[known == value] = at
    counts = np.bincount(place, minlength=len(bins.edges) + 1 + len(bins.own))
    return np.append(counts, column.len() - known.size)


def _counted_words(column: pl.Series, bins: Profile) -> Counts:
    words = column.cast(pl.String)
    counts = dict(words.value_counts(name="customers").iter_rows())
    own = [counts.get(word, 0) for word in bins.own]
    missing = words.null_count()
    return np.array([words.len() - missing - sum(own), *own, missing])


def _drift(before: Profile, column: pl.Series, field: Field | None, minor: int) -> Drift:
    then, now = np.array(before.customers), _counted(column, before)
    moved = psi(then, now)
    chance = by_chance(then, now)
    level: Level = "little" if moved < SOME else "some" if moved <= MUCH else "much"
    if moved <= chance:
        level = "little"
    what = f"{before.field}: {level} has changed since the models were made (PSI {moved:.2f}"
    if level == "little":
        end = "), no more than so few customers explain" if moved >= SOME else ")"
        return Drift(before.field, round(moved, 6), level, what + end)
    how = _how(before, then, now, _middle(column, before.kind), _Unit(field, minor))
    advice = "fit again" if level == "much" else "watch it"
    return Drift(before.field, round(moved, 6), level, f"{what}): {how}; {advice}")


def _how(before: Profile, then: Counts, now: Counts, middle: float | None, unit: _Unit) -> str:
    """Say what moved: the middle customer where it did, or the bin that adds most to the index."""
    was, new = (counts / counts.sum() for counts in (then, now))
    most = int(np.argmax((new - was) * np.log((now + 0.5) / (then + 0.5) * then.sum() / now.sum())))
    shares = f"{was[most]:.0%} of the customers then and {new[most]:.0%} now"
    if most == len(then) - 1:
        return f"no value for {shares}"
    if before.middle is not None and middle is not None and before.middle != middle:
        values = f"{unit.of(before.middle)} then and {unit.of(middle)} now"
        return f"the middle customer had {values}"
    return f"{_bin_words(before, most, unit)} for {shares}"


def _bin_words(before: Profile, at: int, unit: _Unit) -> str:
    last = len(before.edges)
    if at > last:
        value = before.own[at - last - 1]
        if before.kind == "yes/no":
            return "yes" if value else "no"
        return f"'{value}'" if isinstance(value, str) else unit.of(value)
    if not last:
        return "another value"
    if at == 0:
        return f"at most {unit.of(before.edges[0])}"
    if at == last:
        return f"more than {unit.of(before.edges[-1])}"
    return f"above {unit.of(before.edges[at - 1])} to {unit.of(before.edges[at])}"


@dataclass(frozen=True)
class _Unit:
    """How a field's numbers are written."""

    field: Field | None
    minor: int

    def of(self, value: float) -> str:
        if self.field is not None and self.field.type == "money":
            return f"{value / self.minor:,.2f}"
        unit = f" {self.field.unit}" if self.field is not None and self.field.unit else ""
        decimals = 1 if abs(value) >= 10 else 3
        return f"{value:,.{decimals}f}".rstrip("0").rstrip(".") + unit


def _of(customers: Columns, name: str) -> pl.Series:
    return (
        customers[name]
        if name in customers.columns
        else _MISSING.new_from_index(0, customers.height).alias(name)
    )


def _middle(column: pl.Series, kind: Kind) -> float | None:
    """Give the value of the customer in the middle, the lower of two; None without numbers."""
    if kind != "number":
        return None
    values = _known(column)
    half = (values.size - 1) // 2
    return float(np.partition(values, half)[half]) if values.size else None


def _known(column: pl.Series) -> Floats:
    values = numbers(column)
    known: Floats = values[~np.isnan(values)]
    return known


_MISSING = pl.Series([None], dtype=pl.Float64)
