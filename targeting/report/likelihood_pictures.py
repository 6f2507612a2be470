"""The pictures of a likelihood: where the buyers are, what was said and happened, its tree."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from targeting.report.parts import Figure, Table, real, rows_of, whole
from targeting.report.pictures import Point, calibration, lift
from targeting.report.speech import Speech
from targeting.report.tree_picture import tree_picture
from targeting.workspace.catalogue import slug


def likelihood_pictures(
    name: str, model: Mapping[str, object], speech: Speech
) -> tuple[Figure, ...]:
    """Draw what there is of lift, calibration and tree."""
    pictures = (
        _lift(name, model, speech),
        _calibration(name, model, speech),
        tree_picture(name, model, speech),
    )
    return tuple(picture for picture in pictures if picture is not None)


def _lift(name: str, model: Mapping[str, object], speech: Speech) -> Figure | None:
    told = model.get("deciles")
    lifts = [real(value) for value in told] if isinstance(told, list) else []
    points = [Point(str(k), value) for k, value in enumerate(lifts, 1) if value is not None]
    if not points or points[0].label != "1":
        return None
    reading = (
        "The tenth of customers with the highest likelihood holds"
        f" {speech.percent(points[0].value / 10)} of the buyers,"
        f" {speech.times(points[0].value)} the average."
    )
    fifth = real(model.get("share_top_fifth"))
    if fifth is not None:
        reading += f" The top fifth holds {speech.percent(fifth)} of them."
    rising = _rising(points)
    if rising is not None:
        reading += f" Not every tenth holds fewer than the one before: see tenth {rising}."
    name = f"lift-{slug(name)}"
    picture = lift(name, points, lambda v: speech.number(v, 1), "the average customer")
    return Figure(name, "Where the buyers are", reading, picture, _lift_table(points, speech))


def _rising(points: list[Point]) -> str | None:
    """Find the tenth that rises most above the one before, if by a tenth of the average or more."""
    steps = [(b.value - a.value, b.label) for a, b in pairwise(points)]
    most, label = max(steps, default=(0.0, ""))
    return label if most >= 0.1 else None


def _lift_table(points: list[Point], speech: Speech) -> Table:
    return Table(
        "Tenths of the judged customers, the highest likelihood first",
        ("Tenth", "Share of all buyers", "Times the average"),
        tuple(
            (point.label, speech.percent(point.value / 10), speech.fixed(point.value, 2))
            for point in points
        ),
    )


def _calibration(name: str, model: Mapping[str, object], speech: Speech) -> Figure | None:
    bins = [
        (whole(row.get("customers")), said, happened)
        for row in rows_of(model.get("calibration"))
        if (said := real(row.get("mean_score"))) is not None
        and (happened := real(row.get("share"))) is not None
    ]
    if not bins:
        return None
    _, said, happened = max(bins, key=lambda one: abs(one[1] - one[2]))
    reading = (
        f"Each of the {speech.count(len(bins), 'dot')} is an equal part of the judged customers; on"
        " the dashed line, what was said is what happened. The furthest off:"
        f" {speech.percent(said)} was said, {speech.percent(happened)} happened."
    )
    name = f"calibration-{slug(name)}"
    table = Table(
        "Equal parts of the judged customers, the lowest likelihood first",
        ("Part", "Customers", "Likelihood said", "Share who did"),
        tuple(
            (str(k), speech.number(n), speech.percent(s), speech.percent(h))
            for k, (n, s, h) in enumerate(bins, 1)
        ),
    )
    picture = calibration(name, [(s, h) for _, s, h in bins], speech.percent)
    return Figure(name, "What was said, and what happened", reading, picture, table)
