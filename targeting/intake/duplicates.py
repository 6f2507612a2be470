"""Two rows of one thing: equal ones once, contradicting ones not at all, or the newest."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from targeting.frames import ROW
from targeting.intake.rejects import Parted, nothing_refused, refuse_rows
from targeting.workspace.columns import IDENTITY, SourceName
from targeting.workspace.settings import Source


def drop_doubles(clean: pl.DataFrame, source: SourceName, form: Source) -> Parted:
    """Part a source's clean rows by what tells its things apart, and by `key`.

    Equal rows: the first is kept, the others are `duplicate`. Different rows of one id: all are
    `conflicting_id`; with `newest_by` the newest is kept and the others are `older_version`, but
    for several newest, which conflict.
    """
    kept, refused = clean, [nothing_refused()]
    identity = [name for name in IDENTITY.get(source, ()) if name in clean.columns]
    if identity:
        parted = _one_each(kept, identity, form.newest_by)
        kept, refused = parted.kept, [*refused, parted.refused]
    if form.key is not None and list(form.key) != identity:
        # A line without its key is itself; nothing says that it is another one.
        keyed = pl.all_horizontal(pl.col(form.key).is_not_null())
        parted = _one_each(kept.filter(keyed), list(form.key), form.newest_by)
        if not parted.refused.is_empty():
            kept = pl.concat([parted.kept, kept.filter(~keyed)]).sort(ROW)
            refused.append(parted.refused)
    return Parted(kept, pl.concat(refused))


def _one_each(clean: pl.DataFrame, key: Sequence[str], newest_by: str | None) -> Parted:
    several = clean.lazy().group_by(key).agg(pl.len().alias(":n")).filter(pl.col(":n") > 1)
    doubled = (
        clean.lazy()
        .join(several, on=key, how="semi", nulls_equal=True)
        .sort(ROW)
        .with_columns(reason=_reason(clean, key, newest_by))
        .collect()
    )
    wrong = doubled.filter(pl.col("reason").is_not_null())
    if wrong.is_empty():
        return Parted(clean, nothing_refused())
    kept = clean.join(wrong.select(ROW), on=ROW, how="anti", maintain_order="left")
    return Parted(kept, refuse_rows(wrong, key[0], pl.col("reason")))


def _reason(clean: pl.DataFrame, key: Sequence[str], newest_by: str | None) -> pl.Expr:
    values = [name for name in clean.columns if name != ROW and ":" not in name]
    first = pl.col(ROW) == pl.col(ROW).min().over(values)
    if newest_by is None:
        rivals = first.sum().over(key)
        newest = pl.lit(value=True)
    else:
        # A row that does not say when it was changed is older than any that does.
        dated = pl.col(newest_by)
        latest = dated.max().over(key)
        newest = dated.eq_missing(latest)
        rivals = (first & newest).sum().over(key)
    return (
        pl.when(~first)
        .then(pl.lit("duplicate"))
        .when(~newest)
        .then(pl.lit("older_version"))
        .when(rivals > 1)
        .then(pl.lit("conflicting_id"))
    )
