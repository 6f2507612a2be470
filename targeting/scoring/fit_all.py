"""Every model of a workspace, fitted on its customers and their past."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import polars as pl

from targeting.customers.held import Table
from targeting.customers.table import CustomerData
from targeting.frames import CUSTOMER
from targeting.scoring.drift import Drift
from targeting.scoring.likelihood import fit_likelihood
from targeting.scoring.matrix import in_hash_order
from targeting.scoring.saved import JUDGED_SCHEMA, Fitted
from targeting.scoring.score import changed, drifted
from targeting.scoring.scored import Scoring
from targeting.scoring.segment_changes import movement
from targeting.scoring.segments import SegmentModel, assign_segments, fit_segments
from targeting.scoring.store import Models
from targeting.scoring.today import rhythm_of, windowed

# Whose past is looked at for likelihoods: at seven cut-offs, of which 200,000 rows teach. The past
# of twice as many takes twice as long.
MOST_CUSTOMERS = 100_000


def fit(
    data: CustomerData,
    customers: Table,
    as_of: dt.date,
    *,
    unfilled: pl.LazyFrame | None = None,
    previous: Fitted | None = None,
) -> Fitted:
    """Fit and judge every model that segments/ asks for; segments begin from the previous ones.

    `customers` are those of `data`; `unfilled`: their attributes before missing numbers were
    filled.
    """
    workspace = data.workspace
    segments, moved = _fit_segments(data, customers, as_of, previous)
    since = _drift_since(data, customers, as_of, previous)
    likelihoods, evaluations, judged = {}, {}, [pl.DataFrame(schema=JUDGED_SCHEMA)]
    taught = _sampled(data, customers)
    people = customers.rows(taught)
    if taught.height < customers.height:
        data = data.only(taught)
    purchases = None
    if data.lines is not None:  # day after day is looked at: of so few that is soonest done here
        lines = data.lines.here()
        data, purchases = replace(data, lines=lines), lines.together()
    before = data
    if unfilled is not None:
        theirs = unfilled.join(taught.lazy(), on=CUSTOMER, how="semi", maintain_order="left")
        before = replace(data, attributes=theirs)
    for name, form in (workspace.scores.likelihoods if workspace.scores else {}).items():
        model, evaluation, rows = fit_likelihood(
            name,
            form,
            people,
            key=workspace.policy.key,
            as_of=as_of,
            history=data.buyers if purchases is not None else None,
            purchases=purchases,
            field_types=workspace.customer_fields,
            unfilled=before.table(as_of).collect(),
            derived=workspace.settings.derived,
        )
        likelihoods[name], evaluations[name] = model, evaluation.as_dict()
        judged.append(rows.select(pl.col(c).cast(t) for c, t in JUDGED_SCHEMA.items()))
    models = Models(segments, likelihoods)
    return Fitted(models, evaluations, pl.concat(judged), {**since, **moved})


def _fit_segments(
    data: CustomerData, customers: Table, as_of: dt.date, previous: Fitted | None
) -> tuple[SegmentModel | None, dict[str, Any]]:
    form = data.workspace.segments
    if form is None:
        return None, {}
    names = list(form.features)
    old = previous.models.segments if previous is not None else None
    if old is not None:
        names += [each.name for each in old.features if each.name not in names]
    rows = pl.concat(
        windowed(part, page, as_of, names).select(CUSTOMER, *names)
        for part, page in zip(data.parts(), customers.frames(), strict=True)
    )
    new = fit_segments(rows, form, key=data.workspace.policy.key, previous=old)
    if old is None:
        return new, {}
    was, now = (_segments_of(rows, model) for model in (old, new))
    return new, {"segments": changed(movement(was, now))}


def _segments_of(rows: pl.DataFrame, model: SegmentModel) -> pl.DataFrame:
    return rows.select(CUSTOMER).with_columns(assign_segments(rows, model))


def _drift_since(
    data: CustomerData, customers: Table, as_of: dt.date, previous: Fitted | None
) -> dict[str, Any]:
    if previous is None:
        return {}
    workspace = data.workspace
    found = {}
    for name, model in previous.models.likelihoods.items():
        scoring = Scoring(model, workspace.customer_fields, workspace.settings.shop, data.shelf)
        for part, page in zip(data.parts(), customers.frames(), strict=True):
            scoring.read(page, rhythm_of(part, as_of, name))
        found[name] = [_as_dict(each) for each in drifted(data, scoring, model)]
    return {"drift": found}


def _as_dict(each: Drift) -> dict[str, object]:
    return {"field": each.field, "psi": each.psi, "level": each.level, "said": each.said}


def _sampled(data: CustomerData, customers: Table) -> pl.DataFrame:
    """Name the customers of lowest hash, before their past is computed day by day."""
    key = data.workspace.policy.key
    ids = in_hash_order(customers.select(CUSTOMER), key, "fit", "likelihood")
    return ids.head(MOST_CUSTOMERS)
