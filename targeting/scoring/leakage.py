"""Leakage: inputs that define the label, or know what came after the day they are judged at.

Three rules. L001: an input alone tells the label. L002: an input reads a date after the cut-off.
L003: an attribute, which is taken as it stands today at every cut-off, tells the newest label much
better than the same label of the cut-off before.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from targeting.frames import CUSTOMER
from targeting.scoring.intervals import intervals
from targeting.scoring.judge import Labels, auc
from targeting.scoring.label import CUT_OFF, LABEL, Asked
from targeting.scoring.matrix import Floats, in_hash_order, inputs_of, share_by_hash, tree_matrix
from targeting.scoring.note import Note
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.settings import Derived
from targeting.workspace.sql import fields_in

TELLS_ALL = 0.99
TELLS_MORE, TELLS_MUCH = 0.1, 0.7
FEWEST = 20  # of each class at each cut-off: fewer make any difference
MOST_ROWS = 50_000
SEED = 0


def leaks(
    asked: Asked, train: pl.DataFrame, judged: pl.DataFrame, unfilled: pl.DataFrame | None
) -> list[Note]:
    """Name each input that judges alone with an AUC of 0.99 or more, by a tree of depth 3.

    Seen before filling: a median put for a missing value hides what the gap itself tells. At a
    cut-off, halves of the judged customers also teach each other: what stands at today's value
    may tell the newest label by another limit than the older ones.
    """
    inputs = [name for name in asked.form.inputs if name in train.columns and judged.height]
    sample = in_hash_order(train, asked.key, "fit", asked.name).head(MOST_ROWS)
    before, after = (_before_filling(asked, rows, unfilled) for rows in (sample, judged))
    found = []
    for name in inputs:
        alone = max(_auc_alone(name, asked, before, after), _auc_by_halves(name, asked, after))
        if alone >= TELLS_ALL - 1e-9:
            found.append(_named(asked, name, alone))
    return found


def dated_after(
    inputs: Sequence[str],
    derived: Mapping[str, Derived],
    customers: pl.DataFrame,
    cut_off: dt.date,
    judged: pl.Series,
    field_types: Catalogue,
) -> list[Note]:
    """Name each input that reads an attribute dated after the cut-off, through derived fields too.

    `customers` are today's, one a row; `judged` the ids of those who judge. Dates from purchases
    are left out, for a past frame has its own; so are fields that may lie in the future, since a
    contract's end says nothing of the day it was written down.
    """
    asked = customers.filter(pl.col(CUSTOMER).is_in(judged.implode()))
    found = []
    for name in inputs:
        for date in sorted(_reads(name, derived)):
            late = (
                int((asked[date] > cut_off).sum()) if _an_attribute(date, asked, field_types) else 0
            )
            if late:
                found.append(_named_date(name, date, late, asked.height, cut_off))
    return found


def newer_than_then(
    asked: Asked,
    train: pl.DataFrame,
    judged: pl.DataFrame,
    derived: Mapping[str, Derived] | None = None,
) -> list[Note]:
    """Name each attribute that knows the judged label far better than the one a period before.

    A customer of both cut-offs has the same attribute at both, so it should tell both labels about
    as well. Named: an AUC alone (depth-3 trees, each half of the customers judged by the other
    half's) of 0.7 or more, larger by 0.1 or more, and beyond the 95% interval of the difference.
    Of 1,060 pairs of honest attribute and label of Complete Journey these name none, without the
    0.7 six. Derived fields count where `derived` shows that they read an attribute.
    """
    newest = train.filter(pl.col(CUT_OFF) == pl.col(CUT_OFF).max())
    then, now = _of_both(asked, newest, judged), _of_both(asked, judged, newest)
    if min(_fewer_class(then), _fewer_class(now)) < FEWEST:
        return []
    found = []
    for name in asked.form.inputs:
        if name in now.columns and _reads_attributes(name, derived or {}, asked.field_types):
            before, after = (_scored_alone(name, asked, rows) for rows in (then, now))
            if before and after and _tells_more(before, after):
                found.append(_named_newer(name, _auc(before), _auc(after)))
    return found


def _auc_alone(name: str, asked: Asked, train: pl.DataFrame, judged: pl.DataFrame) -> float:
    scores = _scores_alone(name, asked, train, judged)
    return 0.5 if scores is None else _auc((judged[LABEL].to_numpy(), scores))


def _auc_by_halves(name: str, asked: Asked, judged: pl.DataFrame) -> float:
    if judged[CUT_OFF].null_count() or _fewer_class(judged) < FEWEST:
        return 0.5
    scored = _scored_alone(name, asked, judged)
    return 0.5 if scored is None else _auc(scored)


def _scores_alone(
    name: str, asked: Asked, train: pl.DataFrame, judged: pl.DataFrame
) -> Floats | None:
    """Score by a tree of one field; None where the rows cannot teach it or nobody is judged."""
    from sklearn.tree import DecisionTreeClassifier

    labels = train[LABEL].to_numpy()
    if not judged.height or train[LABEL].n_unique() < 2 or train[name].null_count() == train.height:
        return None
    entering = inputs_of(train, [name], asked.field_types)
    tree = DecisionTreeClassifier(max_depth=3, random_state=SEED)
    tree.fit(tree_matrix(train, entering), labels)
    scores: Floats = tree.predict_proba(tree_matrix(judged, entering))[:, 1]
    return scores


def _before_filling(
    asked: Asked, rows: pl.DataFrame, unfilled: pl.DataFrame | None
) -> pl.DataFrame:
    """Put the gaps back. At a past cut-off only attributes are taken from today's rows."""
    if unfilled is None:
        return rows
    column = asked.form.predicts.field is not None
    known = [name for name in asked.form.inputs if name in unfilled.columns]
    raw = [name for name in known if column or asked.field_types[name].origin == "customers"]
    kept = rows.drop([name for name in raw if name in rows.columns])
    return kept.join(unfilled.select(CUSTOMER, *raw), on=CUSTOMER, how="left")


def _named(asked: Asked, name: str, alone: float) -> Note:
    predicts = asked.form.predicts
    what = f"'{predicts.field}'" if predicts.field is not None else "the label"
    text = (
        f"'{name}' alone tells {what} (AUC {alone:.3f}): it defines the label or knows the future, "
        "so the figures say nothing about behaviour; take it out of from"
    )
    return Note("L001", name, text)


def _reads(name: str, derived: Mapping[str, Derived]) -> set[str]:
    """List the fields that a field is made of: itself, or all that its SQL reaches."""
    found: set[str] = set()
    left = {name}
    while left:
        found |= left
        left = {f for n in left & derived.keys() for f in fields_in(derived[n].sql)} - found
    return found - derived.keys()


def _an_attribute(date: str, customers: pl.DataFrame, field_types: Catalogue) -> bool:
    field = field_types.get(date)
    if field is None or field.origin != "customers" or field.may_be_future:
        return False
    return date in customers.columns and customers.schema[date].is_temporal()


def _named_date(name: str, date: str, late: int, judged: int, cut_off: dt.date) -> Note:
    what = f"'{date}' lies" if name == date else f"'{name}' reads '{date}', which lies"
    text = (
        f"{what} after the judged cut-off {cut_off.isoformat()} for {late:,} of {judged:,} judged "
        f"customers ({late / judged:.1%}): it knows what came after; take it out of from"
    )
    return Note("L002", name, text)


def _reads_attributes(name: str, derived: Mapping[str, Derived], field_types: Catalogue) -> bool:
    fields = (field_types.get(read) for read in _reads(name, derived))
    return any(field is not None and field.origin == "customers" for field in fields)


def _fewer_class(rows: pl.DataFrame) -> int:
    yes = int(rows[LABEL].sum())
    return min(yes, rows.height - yes)


def _of_both(asked: Asked, rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    both = rows.join(others, on=CUSTOMER, how="semi")
    return in_hash_order(both, asked.key, "fit", asked.name).head(MOST_ROWS)


def _scored_alone(name: str, asked: Asked, rows: pl.DataFrame) -> tuple[Labels, Floats] | None:
    """Let each half of the customers be judged by a tree of the other half."""
    first = rows.select(share_by_hash(asked.key, asked.name, 0.5)).to_series()
    halves = rows.filter(first), rows.filter(~first)
    parts = [_scores_alone(name, asked, *pair) for pair in (halves, halves[::-1])]
    if parts[0] is None or parts[1] is None:
        return None
    labels = [half[LABEL].to_numpy() for half in halves[::-1]]
    return np.concatenate(labels), np.concatenate([parts[0], parts[1]])


def _auc(judged: tuple[Labels, Floats]) -> float:
    return auc(*judged) or 0.5


def _tells_more(then: tuple[Labels, Floats], now: tuple[Labels, Floats]) -> bool:
    """Compare two AUC; the difference's lower end by Zou and Donner (2008, Statistics in Medicine).

    They take the cut-offs for independent. They are not, which only widens the interval.
    """
    before, after = _auc(then), _auc(now)
    more = after - max(before, 0.5)
    if more < TELLS_MORE or after < TELLS_MUCH:
        return False
    ends = intervals(*then)["auc"], intervals(*now)["auc"]
    if ends[0] is None or ends[1] is None:
        return False
    return more > math.hypot(after - ends[1][0], ends[0][1] - before)


def _named_newer(name: str, then: float, now: float) -> Note:
    text = (
        f"'{name}' tells the newest label (AUC {now:.3f}) far better than the one a period before "
        f"(AUC {then:.3f}): it knows what came after; take it out of from"
    )
    return Note("L003", name, text)
