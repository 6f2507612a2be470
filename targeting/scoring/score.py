"""Scores of the night: every customer's segment and likelihoods, by models that were fitted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from targeting.customers.held import Rows, Table
from targeting.customers.table import CustomerData
from targeting.frames import CUSTOMER, SEGMENT
from targeting.problems import Place, Problem
from targeting.scoring.check import SCORES_FILE, SEGMENTS_FILE
from targeting.scoring.drift import Drift, drift
from targeting.scoring.model import LikelihoodModel
from targeting.scoring.note import Note
from targeting.scoring.scored import Entered, Scoring
from targeting.scoring.segment_changes import Changes, compared, share_changed, together
from targeting.scoring.segments import (
    Placed,
    SegmentModel,
    assign_segments,
    check_profiles,
    place,
)
from targeting.scoring.store import Models
from targeting.scoring.today import rhythm_of, windowed
from targeting.workspace.catalogue import because_field

OBJECTION = "profiling_consent"  # decisions.md 4: no segment and no likelihood for who objects
CHANGED_WITHIN = dt.timedelta(days=30)


@dataclass(frozen=True)
class Scored:
    """Customers with segment, likelihoods and reasons, and what to know of tonight's scores.

    `changes`: how the same model sees the customers 30 days earlier and now (None without
    purchases). `drift`: by likelihood, how far its inputs have moved since the fit. `notes` are
    about the segments. `entered`: by likelihood, what its model read.
    """

    customers: Rows
    changes: Changes | None
    drift: Mapping[str, tuple[Drift, ...]]
    notes: tuple[Note, ...]
    entered: Mapping[str, Entered]

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


def score(data: CustomerData, customers: Table, as_of: dt.date, models: Models) -> Scored:
    """Add `segment`, each likelihood and its reason; missing for who objects to profiling.

    `customers` are those of `data`, page by page as it is parted.
    """
    settings, fields = data.workspace.settings, data.workspace.customer_fields
    scorings = {
        name: Scoring(model, fields, settings.shop, data.shelf)
        for name, model in models.likelihoods.items()
    }
    segments = _Segmented(data, as_of, models.segments)
    for part, page in zip(data.parts(), customers.frames(), strict=True):
        for name, scoring in scorings.items():
            scoring.read(page, rhythm_of(part, as_of, name))
        segments.read(part, page)
    pages, moved = list[pl.LazyFrame](), list[Changes]()
    for number, page in enumerate(customers.frames()):
        told = [scoring.told(number) for scoring in scorings.values()]
        whole = pl.concat([page, *told], how="horizontal").with_columns(segments.of(number))
        whole = _unless_objected(whole, models)
        for scoring in scorings.values():
            scoring.take(whole)
        if segments.before:
            before = segments.before[number].collect()
            moved.append(compared(before, whole.select(CUSTOMER, SEGMENT)))
        pages.append(data.shelf.keep("scored", number, whole))
    schema = pages[0].collect_schema()
    scored = Table(tuple(pages), schema, customers.height, customers.order)
    return Scored(
        scored.in_order(data.shelf, "tonight"),
        together(moved) if segments.knew_anybody else None,
        {name: drifted(data, each, models.likelihoods[name]) for name, each in scorings.items()},
        tuple(segments.notes()),
        {name: scoring.entered() for name, scoring in scorings.items()},
    )


def changed(moves: pl.DataFrame) -> dict[str, Any]:
    """Say how many changed segment: share of those in one both times, and every move's count."""
    return {"share_changed": share_changed(moves), "movement": moves.to_dicts()}


def drifted(data: CustomerData, scoring: Scoring, model: LikelihoodModel) -> tuple[Drift, ...]:
    """Say how far those whom a model can score have moved from those it was made of."""
    fields = data.workspace.customer_fields
    minor = 10**data.workspace.settings.shop.minor_digits
    return drift(model.profiles, scoring.scorable(), fields, minor)


@dataclass
class _Segmented:
    """The segments of a night, page by page; `before` has those of 30 days earlier."""

    data: CustomerData
    as_of: dt.date
    model: SegmentModel | None
    before: list[pl.LazyFrame] = field(default_factory=list)
    knew_anybody: bool = False  # 30 days earlier
    _placed: list[Placed] = field(default_factory=list)

    def read(self, part: CustomerData, page: pl.DataFrame) -> None:
        """Take a page of customers; `part` has their lines."""
        if self.model is None:
            return
        names = [each.name for each in self.model.features]
        if self.data.workspace.segments is not None:
            rows = windowed(part, page, self.as_of, names)
            self._placed.append(place(rows, self.model))
        if self.data.lines is not None:
            rows = windowed(part, None, self.as_of - CHANGED_WITHIN, names)
            before = rows.select(CUSTOMER).with_columns(assign_segments(rows, self.model))
            self.before.append(self.data.shelf.keep("before", len(self.before), before))
            self.knew_anybody |= before.height > 0

    def of(self, number: int) -> list[pl.Series]:
        """Give the column of a page, if there are segments."""
        return [self._placed[number].segments] if self._placed else []

    def notes(self) -> list[Note]:
        """Say where segments are not what their names say."""
        form = self.data.workspace.segments
        if self.model is None or form is None:
            return []
        return check_profiles(self._placed, self.model, form)


def _unless_objected(customers: pl.DataFrame, models: Models) -> pl.DataFrame:
    if OBJECTION not in customers.columns:
        return customers
    columns = [each for n in models.likelihoods for each in (n, because_field(n))]
    columns += [SEGMENT] if SEGMENT in customers.columns else []
    allowed = pl.col(OBJECTION).fill_null(True)
    return customers.with_columns(pl.when(allowed).then(pl.col(columns)) if columns else [])
