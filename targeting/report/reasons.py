"""What the scores are made of: the commonest reasons of the likeliest and unlikeliest customers."""

from __future__ import annotations

import math

import polars as pl

from targeting.customers.held import Rows
from targeting.workspace.catalogue import because_field

MOST = 5
_POINTS = r" \(([+-])\d+\.\d\)$"  # as point_reasons writes them: buys often (+0.8); is new (-0.2)
_SEPARATOR = "; "
_SCORE, _REASON, _SPEAKS, _CUSTOMERS = "score", "reason", "speaks", "customers"


def commonest_reasons(customers: Rows, name: str) -> dict[str, object]:
    """Count the reasons of the highest and the lowest tenth of the customers by likelihood.

    highest, lowest: customers (a tenth, and all who equal its last), from, to (likelihoods, 0 to 1)
    and reasons [{reason, speaks, customers}], at most 5, the commonest first. A path of a tree is
    one reason; of points each clause is one, without its number, and speaks for or against. Empty
    where nobody has a reason, or where equal scores leave no tenth to speak of.
    """
    because = because_field(name)
    if not {name, because} <= set(customers.columns):
        return {}
    scored = customers.select(name, because).rename({name: _SCORE, because: _REASON})
    scored = scored.drop_nulls(_SCORE)
    if scored[_REASON].count() == 0:
        return {}
    tenth = math.ceil(scored.height / 10)
    highest, lowest = scored[_SCORE].top_k(tenth).min(), scored[_SCORE].bottom_k(tenth).max()
    high, low = scored.filter(pl.col(_SCORE) >= highest), scored.filter(pl.col(_SCORE) <= lowest)
    if high.height + low.height > scored.height:
        return {}
    return {"highest": _told(high), "lowest": _told(low)}


def _told(group: pl.DataFrame) -> dict[str, object]:
    return {
        "customers": group.height,
        "from": group[_SCORE].min(),
        "to": group[_SCORE].max(),
        "reasons": _counted(group).head(MOST).to_dicts(),
    }


def _counted(group: pl.DataFrame) -> pl.DataFrame:
    """Count customers by reason; each different text is taken apart once."""
    texts = group.group_by(_REASON).agg(pl.len().alias(_CUSTOMERS)).drop_nulls()
    pointed = pl.col(_REASON).str.contains(_POINTS)
    clauses = pl.when(pointed).then(pl.col(_REASON).str.split(_SEPARATOR))
    parts = texts.with_columns(clauses.otherwise(pl.concat_list(_REASON))).explode(_REASON)
    sign = pl.col(_REASON).str.extract(_POINTS).replace({"+": "for", "-": "against"})
    plain = parts.with_columns(pl.col(_REASON).str.replace(_POINTS, ""), sign.alias(_SPEAKS))
    counted = plain.group_by(_REASON, _SPEAKS).agg(pl.col(_CUSTOMERS).sum())
    return counted.sort(_CUSTOMERS, _REASON, _SPEAKS, descending=[True, False, False])
