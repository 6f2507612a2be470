"""Each likelihood: can it be believed, and what is it good for?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from targeting.report.numbers import Night
from targeting.report.parts import Figure, Finding, Table, mapping, real, rows_of, title_of, whole
from targeting.report.pictures import Point, calibration, lift
from targeting.report.speech import Speech
from targeting.workspace.catalogue import slug

# Figure, what it says, and whether it is a share.
_MEASURES = (
    ("auc", "Puts buyers before others (AUC; 0.5 is chance)", False),
    ("pr_auc", "Precision averaged over recall (PR AUC)", False),
    ("lift_top_tenth", "Buyers in the top tenth, times the average", False),
    ("share_top_fifth", "Share of buyers found in the top fifth", True),
    ("brier", "Squared error (Brier; 0 is best)", False),
    ("ece", "Calibration error (0 is best)", False),
    ("ece_floor_mean", "… of a perfect model of this many customers", False),
    ("ece_floor_95", "… which a perfect model stays below 95 times in 100", False),
    ("accuracy", "Accuracy at a likelihood of one half", True),
    ("precision", "Precision at one half", True),
    ("recall", "Recall at one half", True),
)
_LEAKAGE = ("L001", "leakage")
_BASELINES = {"recency": "Days since last purchase", "rfm": "RFM score", "bgnbd": "BG/NBD"}


@dataclass(frozen=True)
class LikelihoodChapter:
    """One likelihood, ready to be shown."""

    title: str
    reading: tuple[str, ...]
    warnings: tuple[Finding, ...]
    figures: tuple[Figure, ...]
    compared: Table
    compared_reading: str


def about_likelihood(
    night: Night, figures: Mapping[str, object], speech: Speech
) -> list[LikelihoodChapter]:
    """Judge every likelihood in turn."""
    return [
        _chapter(night, name, mapping(model), speech)
        for name, model in sorted(mapping(figures.get("models")).items())
    ]


def _chapter(
    night: Night, name: str, model: Mapping[str, object], speech: Speech
) -> LikelihoodChapter:
    pictures = [_lift(name, model, speech), _calibration(name, model, speech)]
    return LikelihoodChapter(
        title=_title(night, name, model),
        reading=_reading(model, speech),
        warnings=tuple(Finding(said_plainly(row)) for row in rows_of(model.get("warnings"))),
        figures=tuple(figure for figure in pictures if figure is not None),
        compared=_compared(model, speech),
        compared_reading=_against_baselines(model, speech),
    )


def _title(night: Night, name: str, model: Mapping[str, object]) -> str:
    title, label = title_of(name, night.catalogue.get(name)), model.get("label")
    return f"{title}: {label}" if isinstance(label, str) and label else title


def _reading(model: Mapping[str, object], speech: Speech) -> tuple[str, ...]:
    judged, base = _judged(model), real(model.get("base_rate"))
    said = []
    if judged and base is not None:
        said.append(
            f"Judged on {speech.count(judged, 'customer')} that the model had not seen:"
            f" {speech.percent(base)} of them did."
        )
    error, floor = real(model.get("ece")), real(model.get("ece_floor_95"))
    if error is not None and floor is not None:
        good = error <= floor
        said.append(
            "Its percentages can be taken at their word: the calibration error is no larger than"
            " chance alone would give a perfect model."
            if good
            else "Its percentages are off by more than chance explains: use them to compare"
            " customers, not as promises."
        )
    return tuple(said)


def _judged(model: Mapping[str, object]) -> int:
    """Count the judged rows: the manifest has the number, or a mapping with it."""
    judged = model.get("judged")
    return whole(mapping(judged).get("rows") if isinstance(judged, Mapping) else judged)


def said_plainly(warning: Mapping[str, object]) -> str:
    """Say a model's warning so that a manager knows what it means for the lists."""
    text = str(warning.get("text") or "").strip()
    if warning.get("code") in _LEAKAGE:
        return f"Do not rely on this likelihood yet: {text}"
    return text


def _lift(name: str, model: Mapping[str, object], speech: Speech) -> Figure | None:
    rows = rows_of(model.get("lift"))
    points = [
        Point(str(k), value)
        for k, row in enumerate(rows, start=1)
        if (value := real(row.get("lift"))) is not None
    ]
    if not points:
        return None
    share = real(rows[0].get("share_of_buyers"))
    title = "Where the buyers are"
    reading = (
        f"The tenth of customers with the highest likelihood holds {speech.percent(share)} of the"
        f" buyers, {speech.times(points[0].value)} the average."
    )
    name = f"lift-{slug(name)}"
    picture = lift(name, points, lambda v: speech.number(v, 1), "the average customer")
    return Figure(name, title, reading, picture, _lift_table(rows, speech))


def _lift_table(rows: list[Mapping[str, object]], speech: Speech) -> Table:
    return Table(
        "Tenths of the judged customers, the highest likelihood first",
        ("Tenth", "Share of all buyers", "Times the average"),
        tuple(
            (
                str(k),
                speech.percent(real(row.get("share_of_buyers"))),
                speech.fixed(real(row.get("lift")), 2),
            )
            for k, row in enumerate(rows, start=1)
        ),
    )


def _calibration(name: str, model: Mapping[str, object], speech: Speech) -> Figure | None:
    rows = rows_of(model.get("calibration"))
    points = [
        (said, happened)
        for row in rows
        if (said := real(row.get("said"))) is not None
        and (happened := real(row.get("happened"))) is not None
    ]
    if not points:
        return None
    said, happened = max(points, key=lambda point: abs(point[0] - point[1]))
    reading = (
        "Each dot is a fifteenth of the judged customers; on the dashed line, what was said"
        f" is what happened. The furthest off: {speech.percent(said)} was said,"
        f" {speech.percent(happened)} happened."
    )
    name = f"calibration-{slug(name)}"
    table = Table(
        "Equal slices of the judged customers, the lowest likelihood first",
        ("Slice", "Likelihood said", "Share who did"),
        tuple((str(k), speech.percent(s), speech.percent(h)) for k, (s, h) in enumerate(points, 1)),
    )
    picture = calibration(name, points, speech.percent)
    return Figure(name, "What was said, and what happened", reading, picture, table)


def _compared(model: Mapping[str, object], speech: Speech) -> Table:
    baselines = mapping(model.get("baselines"))
    columns = [model, *(mapping(figures) for figures in baselines.values())]
    told = [m for m in _MEASURES if any(real(column.get(m[0])) is not None for column in columns)]
    return Table(
        "The model beside simpler ways",
        ("Figure", "This model", *(_BASELINES.get(name, title_of(name)) for name in baselines)),
        tuple(
            (
                words,
                *(
                    speech.percent(real(column.get(key)))
                    if share
                    else speech.fixed(real(column.get(key)), 3)
                    for column in columns
                ),
            )
            for key, words, share in told
        ),
    )


def _against_baselines(model: Mapping[str, object], speech: Speech) -> str:
    own = real(model.get("auc"))
    others = [
        (auc, name)
        for name, figures in mapping(model.get("baselines")).items()
        if (auc := real(mapping(figures).get("auc"))) is not None
    ]
    if own is None or not others:
        return ""
    best, name = max(others)
    named = _BASELINES.get(name, title_of(name))
    named = named if named[:2].isupper() else named[:1].lower() + named[1:]
    gap = own - best
    if abs(gap) < 0.005:
        return f"It ranks customers about as well as {named} alone."
    better = "better" if gap > 0 else "worse"
    return f"It ranks customers {better} than {named} alone, by {speech.fixed(abs(gap), 3)} AUC."
