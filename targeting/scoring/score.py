"""Scores of the night: models fitted on what is known, and every customer scored by them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from targeting.customers.table import CustomerData
from targeting.frames import CUSTOMER, SEGMENT
from targeting.problems import Place, Problem
from targeting.scoring.check import SCORES_FILE, SEGMENTS_FILE
from targeting.scoring.drift import Drift, drift
from targeting.scoring.label import rhythm_on
from targeting.scoring.likelihood import fit_likelihood
from targeting.scoring.matrix import in_hash_order
from targeting.scoring.model import LikelihoodModel, can_be_scored, complete
from targeting.scoring.note import Note
from targeting.scoring.saved import JUDGED_SCHEMA, Fitted
from targeting.scoring.scored import scored
from targeting.scoring.segment_changes import movement, share_changed
from targeting.scoring.segments import SegmentModel, assign_segments, check_profiles, fit_segments
from targeting.scoring.store import Models
from targeting.workspace.catalogue import because_field

OBJECTION = "profiling_consent"  # decisions.md 4: no segment and no likelihood for who objects
# Whose past is looked at for likelihoods: at seven cut-offs, of which 200,000 rows teach. The past
# of twice as many takes twice as long.
MOST_CUSTOMERS = 100_000
CHANGED_WITHIN = dt.timedelta(days=30)


@dataclass(frozen=True)
class Scored:
    """Customers with segment, likelihoods and reasons, and what to know of tonight's scores.

    `before`: customer_id and segment as the same model sees the customers 30 days earlier (empty
    without purchases). `drift`: by likelihood, how far its inputs have moved since the fit. `notes`
    are about the segments.
    """

    customers: pl.DataFrame
    before: pl.DataFrame
    drift: Mapping[str, tuple[Drift, ...]]
    notes: tuple[Note, ...]

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What has changed since the models were made, as warnings."""
        much = [
            each.said for found in self.drift.values() for each in found if each.level == "much"
        ]
        said = [("M015", text, SCORES_FILE) for text in dict.fromkeys(much)]
        said += [(note.code, note.text, SEGMENTS_FILE) for note in self.notes]
        return tuple(
            Problem(code, text, Place(file), "see targeting check --explain " + code, "warning")
            for code, text, file in said
        )


def fit(
    data: CustomerData,
    customers: pl.DataFrame,
    unfilled: pl.DataFrame,
    as_of: dt.date,
    previous: Fitted | None = None,
) -> Fitted:
    """Fit and judge every model that segments/ asks for; segments begin from the previous ones."""
    workspace = data.workspace
    segments, moved = _fit_segments(data, customers, as_of, previous)
    drifted = _drift_since(data, customers, as_of, previous)
    likelihoods, evaluations, judged = {}, {}, [pl.DataFrame(schema=JUDGED_SCHEMA)]
    if customers.height > MOST_CUSTOMERS:
        data, customers, unfilled = _sampled(data, customers, unfilled)
    lines = None if data.lines is None else data.lines.together()
    for name, form in (workspace.scores.likelihoods if workspace.scores else {}).items():
        model, evaluation, rows = fit_likelihood(
            name,
            form,
            customers,
            key=workspace.policy.key,
            as_of=as_of,
            history=data.buyers if lines is not None else None,
            purchases=lines,
            field_types=workspace.customer_fields,
            unfilled=unfilled,
            derived=workspace.settings.derived,
        )
        likelihoods[name], evaluations[name] = model, evaluation.as_dict()
        judged.append(rows.select(pl.col(c).cast(t) for c, t in JUDGED_SCHEMA.items()))
    models = Models(segments, likelihoods)
    return Fitted(models, evaluations, pl.concat(judged), {**drifted, **moved})


def score(data: CustomerData, customers: pl.DataFrame, as_of: dt.date, models: Models) -> Scored:
    """Add `segment`, each likelihood and its reason; missing for who objects to profiling."""
    found, drifted, notes = [], {}, list[Note]()
    settings, fields = data.workspace.settings, data.workspace.customer_fields
    for name, model in models.likelihoods.items():
        rhythm = _rhythm(data, as_of, name)
        found.append(scored(customers, model, rhythm, fields, settings.shop))
        drifted[name] = _drifted(data, complete(customers, model, rhythm), model)
    segments = []
    if models.segments is not None and data.workspace.segments is not None:
        rows = _windowed(data, customers, as_of)
        segments = [assign_segments(rows, models.segments)]
        notes = check_profiles(rows, models.segments, data.workspace.segments)
    told = pl.concat([customers, *found], how="horizontal").with_columns(segments)
    return Scored(
        _unless_objected(told, models), _before(data, as_of, models), drifted, tuple(notes)
    )


def changed(before: pl.DataFrame, now: pl.DataFrame) -> dict[str, Any]:
    """Say how many changed segment: share of those in one both times, and every move's count."""
    moves = movement(before, now)
    return {"share_changed": share_changed(moves), "movement": moves.to_dicts()}


def _unless_objected(customers: pl.DataFrame, models: Models) -> pl.DataFrame:
    if OBJECTION not in customers.columns:
        return customers
    columns = [each for n in models.likelihoods for each in (n, because_field(n))]
    columns += [SEGMENT] if SEGMENT in customers.columns else []
    allowed = pl.col(OBJECTION).fill_null(True)
    return customers.with_columns(pl.when(allowed).then(pl.col(columns)) if columns else [])


def _fit_segments(
    data: CustomerData, customers: pl.DataFrame, as_of: dt.date, previous: Fitted | None
) -> tuple[SegmentModel | None, dict[str, Any]]:
    form = data.workspace.segments
    if form is None:
        return None, {}
    rows = _windowed(data, customers, as_of)
    old = previous.models.segments if previous is not None else None
    new = fit_segments(rows, form, key=data.workspace.policy.key, previous=old)
    if old is None:
        return new, {}
    was, now = (_segments_of(rows, model) for model in (old, new))
    return new, {"segments": changed(was, now)}


def _segments_of(rows: pl.DataFrame, model: SegmentModel) -> pl.DataFrame:
    return rows.select(CUSTOMER).with_columns(assign_segments(rows, model))


def _before(data: CustomerData, as_of: dt.date, models: Models) -> pl.DataFrame:
    """Give the segments that tonight's model sees 30 days earlier."""
    if models.segments is None or data.lines is None:
        return pl.DataFrame(schema={CUSTOMER: pl.String, SEGMENT: pl.String})
    day = as_of - CHANGED_WITHIN
    return _segments_of(_windowed(data, None, day), models.segments)


def _drift_since(
    data: CustomerData, customers: pl.DataFrame, as_of: dt.date, previous: Fitted | None
) -> dict[str, Any]:
    if previous is None:
        return {}
    drifted = {}
    for name, model in previous.models.likelihoods.items():
        people = complete(customers, model, _rhythm(data, as_of, name))
        drifted[name] = [_as_dict(each) for each in _drifted(data, people, model)]
    return {"drift": drifted}


def _drifted(data: CustomerData, people: pl.DataFrame, model: LikelihoodModel) -> tuple[Drift, ...]:
    people = people.filter(can_be_scored(model))
    fields = data.workspace.customer_fields
    return drift(model.profiles, people, fields, 10**data.workspace.settings.shop.minor_digits)


def _as_dict(each: Drift) -> dict[str, object]:
    return {"field": each.field, "psi": each.psi, "level": each.level, "said": each.said}


def _sampled(
    data: CustomerData, customers: pl.DataFrame, unfilled: pl.DataFrame
) -> tuple[CustomerData, pl.DataFrame, pl.DataFrame]:
    """Keep the customers of lowest hash, before their past is computed day by day."""
    key = data.workspace.policy.key
    ids = in_hash_order(customers.select(CUSTOMER), key, "fit", "likelihood").head(MOST_CUSTOMERS)
    return (
        data.only(ids),
        customers.join(ids, on=CUSTOMER, how="semi", maintain_order="left"),
        unfilled.join(ids, on=CUSTOMER, how="semi", maintain_order="left"),
    )


def _rhythm(data: CustomerData, as_of: dt.date, name: str) -> pl.DataFrame | None:
    """Give what BG/NBD reads of tonight's customers, for a label from purchases."""
    forms = data.workspace.scores
    if data.lines is None or forms is None or forms.likelihoods[name].predicts.field is not None:
        return None
    within = forms.likelihoods[name].predicts.within
    return rhythm_on(data.lines, as_of, within)


def _windowed(data: CustomerData, customers: pl.DataFrame | None, day: dt.date) -> pl.DataFrame:
    """Give the segments' features on a day, spending taken over their window.

    `customers` are those of the day, where they are at hand.
    """
    form = data.workspace.segments
    if form is None or form.window == "all" or data.lines is None:
        return data.table(day).collect() if customers is None else customers
    return data.table(day, window=form.window).collect()
