"""Scores of the night: every customer's segment and likelihoods, by models that were fitted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from targeting.behind import abreast
from targeting.customers.held import Rows, Table
from targeting.customers.table import CustomerData
from targeting.frames import CUSTOMER, SEGMENT
from targeting.problems import Place, Problem
from targeting.scoring.check import SCORES_FILE, SEGMENTS_FILE
from targeting.scoring.drift import Drift, drift
from targeting.scoring.model import LikelihoodModel
from targeting.scoring.note import Note
from targeting.scoring.scored import Entered, Judged, Scoring
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
    _read_all(data, customers, as_of, scorings, segments)
    pages, moved = _tell_all(data, customers, models, scorings, segments)
    schema = pages[0].collect_schema()
    scored = Table(pages, schema, customers.height, customers.order)
    return Scored(
        scored.in_order(data.shelf, "tonight"),
        together(moved) if segments.knew_anybody else None,
        {name: drifted(data, each, models.likelihoods[name]) for name, each in scorings.items()},
        tuple(segments.notes()),
        {name: scoring.entered() for name, scoring in scorings.items()},
    )


def _read_all(
    data: CustomerData,
    customers: Table,
    as_of: dt.date,
    scorings: Mapping[str, Scoring],
    segments: _Segmented,
) -> None:
    """Have the models read every page: what they say of one is told when all are read."""

    # Either the pages are read beside each other, or what the models read of a single one.
    beside = abreast if len(customers.pages) == 1 else map

    def read(
        numbered: tuple[int, tuple[CustomerData, pl.LazyFrame]],
    ) -> tuple[list[Judged], Placed | None, _Earlier | None]:
        number, (part, held) = numbered
        page = held.collect()

        def judged() -> list[Judged]:
            return [
                scoring.judged(number, page, rhythm_of(part, as_of, name))
                for name, scoring in scorings.items()
            ]

        readings = (
            judged,
            lambda: segments.placed(part, page),
            lambda: segments.earlier(number, part),
        )
        by_model, placed, earlier = beside(_done, readings)
        return by_model, placed, earlier

    both = zip(data.parts(), customers.pages, strict=True)
    for by_model, placed, earlier in abreast(read, enumerate(both)):
        for scoring, heard in zip(scorings.values(), by_model, strict=True):
            scoring.hear(heard)
        segments.hear(placed, earlier)


def _done(work: Callable[[], Any]) -> Any:
    return work()


def _tell_all(
    data: CustomerData,
    customers: Table,
    models: Models,
    scorings: Mapping[str, Scoring],
    segments: _Segmented,
) -> tuple[tuple[pl.LazyFrame, ...], list[Changes]]:
    """Put what the models say beside every page, and tell how its segments have changed."""
    for scoring in scorings.values():
        scoring.settle()

    def told(
        numbered: tuple[int, pl.LazyFrame],
    ) -> tuple[pl.LazyFrame, pl.DataFrame, list[Changes]]:
        number, held = numbered
        found = [scoring.told(number) for scoring in scorings.values()]
        page = pl.concat([held.collect(), *found], how="horizontal")
        page = _unless_objected(page.with_columns(segments.of(number)), models)
        kept = data.shelf.keep("scored", number, page)
        return kept, page.select(*scorings), segments.moved(number, page)

    pages, moved = list[pl.LazyFrame](), list[Changes]()
    for kept, scores, changes in abreast(told, enumerate(customers.pages)):
        for name, scoring in scorings.items():
            scoring.take(scores[name])
        pages.append(kept)
        moved += changes
    return tuple(pages), moved


def changed(moves: pl.DataFrame) -> dict[str, Any]:
    """Say how many changed segment: share of those in one both times, and every move's count."""
    return {"share_changed": share_changed(moves), "movement": moves.to_dicts()}


def drifted(data: CustomerData, scoring: Scoring, model: LikelihoodModel) -> tuple[Drift, ...]:
    """Say how far those whom a model can score have moved from those it was made of."""
    fields = data.workspace.customer_fields
    minor = 10**data.workspace.settings.shop.minor_digits
    return drift(model.profiles, scoring.scorable(), fields, minor)


@dataclass(frozen=True)
class _Earlier:
    """The segments of one page 30 days earlier."""

    segments: pl.LazyFrame
    knew_anybody: bool


@dataclass
class _Segmented:
    """The segments of a night, page by page; `before` has those of 30 days earlier."""

    data: CustomerData
    as_of: dt.date
    model: SegmentModel | None
    before: list[pl.LazyFrame] = field(default_factory=list)
    knew_anybody: bool = False  # 30 days earlier
    _placed: list[Placed] = field(default_factory=list)

    def placed(self, part: CustomerData, page: pl.DataFrame) -> Placed | None:
        """Place a page of customers; `part` has their lines."""
        if self.model is None or self.data.workspace.segments is None:
            return None
        return place(windowed(part, page, self.as_of, self._features), self.model)

    def earlier(self, number: int, part: CustomerData) -> _Earlier | None:
        """Place those of a page whom the shop knew 30 days earlier, by their lines until then."""
        if self.model is None or self.data.lines is None:
            return None
        rows = windowed(part, None, self.as_of - CHANGED_WITHIN, self._features)
        before = rows.select(CUSTOMER).with_columns(assign_segments(rows, self.model))
        return _Earlier(self.data.shelf.keep("before", number, before), before.height > 0)

    def hear(self, placed: Placed | None, earlier: _Earlier | None) -> None:
        """Take the segments of the next page."""
        if placed is not None:
            self._placed.append(placed)
        if earlier is not None:
            self.before.append(earlier.segments)
            self.knew_anybody |= earlier.knew_anybody

    @property
    def _features(self) -> list[str]:
        return [each.name for each in self.model.features] if self.model is not None else []

    def of(self, number: int) -> list[pl.Series]:
        """Give the column of a page, if there are segments."""
        return [self._placed[number].segments] if self._placed else []

    def moved(self, number: int, page: pl.DataFrame) -> list[Changes]:
        """Compare a page's segments with those of 30 days earlier, if there are any."""
        if not self.before:
            return []
        return [compared(self.before[number].collect(), page.select(CUSTOMER, SEGMENT))]

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
