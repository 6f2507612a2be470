"""The report's figures as plain values: `Night`, all that it reads, and analysis.json."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from targeting.customers.held import Rows
from targeting.problems import Problem
from targeting.report.correlations import correlations
from targeting.report.judged import judged_models
from targeting.report.overlap import overlap
from targeting.report.profiles import profiles
from targeting.report.sales import Trade, cohorts, trends
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.settings import Shop


@dataclass(frozen=True)
class Night:
    """All that the report reads. Any frame may be empty.

    All money is in minor units; costs may have fractions of one (a message for half a cent).
    customers: a customer: all fields, segment, likelihoods. trade: their purchases, added up.
    decisions: an eligible customer (by place) and rule. funnel: a step of a rule. summary: a rule
    and segment. suggestions: stock.md's frames by name. rules: as `rule_facts` gives them. trees:
    as `tree_figures` gives them. persons: a number for each customer's person; empty: each is his
    own.
    """

    shop: Shop
    run_id: str
    as_of: dt.date
    draft: bool
    manifest: Mapping[str, object]
    catalogue: Catalogue
    customers: Rows
    trade: Trade
    decisions: pl.DataFrame
    funnel: pl.DataFrame
    summary: pl.DataFrame
    rules: Sequence[Mapping[str, object]]
    suggestions: Mapping[str, pl.DataFrame]
    linear_regression: Mapping[str, object] | None
    problems: Sequence[Problem]
    trees: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    persons: pl.Series = field(default_factory=pl.Series)


def analysis(night: Night) -> dict[str, object]:
    """Compute analysis.json: the same values for any row order and thread count.

    Money is in major units, floats have 6 decimals, what is undefined is None.
    """
    digits = night.shop.minor_digits
    figures = {
        "run_id": night.run_id,
        "as_of": night.as_of,
        "correlations": correlations(night.customers, night.catalogue),
        "linear_regression": night.linear_regression,
        "trends": trends(night.trade, night.as_of, digits),
        "cohorts": cohorts(night.trade, night.as_of),
        "segments": profiles(night.customers, night.decisions, night.catalogue, digits),
        "overlap": overlap(night.decisions, night.persons),
        "models": judged_models(night.manifest, night.customers, night.trees),
    }
    return {name: _for_json(value) for name, value in figures.items()}


def _for_json(value: object) -> object:
    match value:
        case Mapping():
            return {str(key): _for_json(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_for_json(inner) for inner in value]
        case float() | Decimal():
            return round(float(value), 6) + 0.0 if math.isfinite(value) else None
        case dt.date():
            return value.isoformat()
        case _:
            return value
