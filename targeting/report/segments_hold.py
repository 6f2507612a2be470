"""Whether the segments hold: stability in words, the numbers that were tried, the warnings."""

from __future__ import annotations

from collections.abc import Mapping

from targeting.report.parts import Figure, Finding, Table, real, rows_of, whole
from targeting.report.pictures import Point, line
from targeting.report.speech import Speech
from targeting.scoring.stability import STABLE


def how_stable(model: Mapping[str, object], speech: Speech) -> tuple[str, ...]:
    """Say how far the same customers would fall together again, and how far apart segments lie."""
    said, agree, apart = [], real(model.get("stability")), real(model.get("silhouette"))
    limit = speech.number(STABLE, 2)
    if agree is not None:
        text = (
            "Fitted again on other samples of these customers, the segments agree by"
            f" {speech.fixed(agree, 2)} (adjusted Rand index; 1 is the same, 0 is chance)"
        )
        said.append(
            f"{text}: stable, {limit} or more."
            if agree >= STABLE
            else f"{text}: not stable, under {limit}. Who lies between two segments is in one of"
            " them by chance: give fewer names, or other features."
        )
    if apart is not None:
        said.append(f"Their silhouette is {speech.fixed(apart, 2)}: 1 is far apart, 0 is touching.")
    return tuple(said)


def warnings_about(model: Mapping[str, object]) -> tuple[Finding, ...]:
    """List what to know of the segments, each once."""
    texts = [str(row.get("text") or "") for row in rows_of(model.get("warnings"))]
    return tuple(Finding(text) for text in dict.fromkeys(texts) if text)


def numbers_tried(model: Mapping[str, object], speech: Speech) -> Figure | None:
    """Show how the number of segments was chosen; None where the names fix it."""
    tried = rows_of(model.get("tried"))
    points = [
        Point(str(whole(row.get("segments"))), value)
        for row in tried
        if (value := real(row.get("sum_of_squares"))) is not None
    ]
    if not points:
        return None
    stable = [whole(r.get("segments")) for r in tried if (real(r.get("stability")) or 0) >= STABLE]
    limit = speech.number(STABLE, 2)
    chosen = (
        f"Chosen is the largest number that is stable ({limit} or more): {max(stable)}."
        if stable
        else f"No number is stable ({limit} or more): the most stable one was taken."
    )
    reading = (
        f"{chosen} Drawn is the sum of squared distances to the segments’ centres: where it bends"
        " (the elbow), further segments explain little more."
    )
    svg = line("elbow", points, lambda v: speech.number(v, 1), [point.label for point in points])
    table = _tried(tried, speech)
    return Figure("elbow", "How many segments", reading, svg, table, layout="wide beside")


def _tried(tried: list[Mapping[str, object]], speech: Speech) -> Table:
    return Table(
        "Numbers of segments that were tried",
        ("Segments", "Stability", "Silhouette", "Sum of squares"),
        tuple(
            (
                speech.number(whole(row.get("segments"))),
                speech.fixed(real(row.get("stability")), 2),
                speech.fixed(real(row.get("silhouette")), 2),
                speech.fixed(real(row.get("sum_of_squares")), 1),
            )
            for row in tried
        ),
    )
