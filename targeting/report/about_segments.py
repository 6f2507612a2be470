"""The segments in words: how many, what they are like, whether they hold, who is contacted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from targeting.report.numbers import Night
from targeting.report.parts import Figure, Finding, Table, mapping, real, rows_of, title_of, whole
from targeting.report.profiles import FEWEST
from targeting.report.segment_moves import Movement, moved_customers
from targeting.report.segments_hold import how_stable, numbers_tried, warnings_about
from targeting.report.speech import Speech
from targeting.workspace.catalogue import Field

# What a low and a high value of a field says about people.
_PHRASES = {
    "recency_days": ("bought lately", "have not bought for long"),
    "frequency": ("buy seldom", "buy often"),
    "monetary": ("have spent little", "have spent much"),
    "average_order_value": ("small baskets", "large baskets"),
    "brand_affinity": ("keep to no brand", "keep to one brand"),
    "tenure_days": ("are new", "have been here for long"),
    "days_between_purchases": ("come back soon", "let long pass between purchases"),
    "return_rate": ("return little", "return often"),
    "spend_trend": ("spend less than before", "spend more than before"),
}
_MAIN = (*_PHRASES, "spend_90_days")
_MOST_SHOWN = 5


@dataclass(frozen=True)
class SegmentsChapter:
    """The chapter, ready to be shown."""

    reading: str
    sizes: Table
    medians: Table
    stable: tuple[str, ...]
    warnings: tuple[Finding, ...]
    tried: Figure | None
    moves: tuple[Movement, ...]


def about_segments(
    night: Night, figures: Mapping[str, object], speech: Speech
) -> SegmentsChapter | None:
    """Describe the segments, the largest first; None where there are none."""
    segments = rows_of(figures.get("segments"))
    if not segments:
        return None
    segments = sorted(segments, key=lambda s: (-whole(s.get("size")), str(s.get("name"))))
    model = mapping(night.manifest.get("segment_model"))
    return SegmentsChapter(
        reading=_reading(segments, speech),
        sizes=_sizes(segments, night, speech),
        medians=_medians(segments, night, speech),
        stable=how_stable(model, speech),
        warnings=warnings_about(model),
        tried=numbers_tried(model, speech),
        moves=_moves(night.manifest, model, speech),
    )


def _moves(
    manifest: Mapping[str, object], model: Mapping[str, object], speech: Speech
) -> tuple[Movement, ...]:
    """Tell of the customers' own movement, and of that which the last refit made."""
    month = moved_customers(
        model.get("changed_in_30_days"),
        begin="In the last 30 days",
        caption="Segments 30 days ago (rows) and now (columns), both as tonight’s model sees them",
        speech=speech,
    )
    refit = moved_customers(
        mapping(manifest.get("since_last_fit")).get("segments"),
        begin="By the last refit",
        caption="Segments by the models before the last refit (rows) and after it (columns)",
        speech=speech,
    )
    return tuple(moves for moves in (month, refit) if moves is not None)


def _name(segment: Mapping[str, object]) -> str:
    name = segment.get("name")
    return "No segment" if name is None else str(name)


def _reading(segments: list[Mapping[str, object]], speech: Speech) -> str:
    largest = segments[0]
    share = speech.percent(real(largest.get("share")))
    text = f"The largest segment, {_name(largest)}, holds {share} of the customers."
    reached = max(segments, key=lambda s: whole(s.get("contacted")) / (whole(s.get("size")) or 1))
    if whole(reached.get("contacted")):
        part = whole(reached.get("contacted")) / whole(reached.get("size"))
        text += f" {_name(reached)} are contacted most: {speech.percent(part)} of them tonight."
    return text


def _sizes(segments: list[Mapping[str, object]], night: Night, speech: Speech) -> Table:
    largest = whole(segments[0].get("size")) or 1
    return Table(
        "Segments, the largest first",
        ("Segment", "What they are like", "Customers", "Share", "Contacted tonight"),
        tuple(
            (
                _name(segment),
                _in_words(segment, night),
                speech.number(whole(segment.get("size"))),
                speech.percent(real(segment.get("share"))),
                speech.number(whole(segment.get("contacted"))),
            )
            for segment in segments
        ),
        words=frozenset({1}),
        bars=tuple((whole(segment.get("size")) / largest,) for segment in segments),
        note="What they are like: where the segment's median stands among all customers.",
    )


def _in_words(segment: Mapping[str, object], night: Night) -> str:
    """Name the three traits that set a segment furthest apart from all customers."""
    if whole(segment.get("size")) < FEWEST:
        return "Too few to describe."
    ranks = mapping(segment.get("ranks"))
    far = [
        (abs(rank - 0.5), -position, name, rank)
        for position, name in enumerate(_told(ranks, night))
        if (rank := real(ranks.get(name))) is not None and abs(rank - 0.5) >= 0.15
    ]
    traits = [
        _trait(name, rank, night.catalogue.get(name)) for _, _, name, rank in sorted(far)[:-4:-1]
    ]
    text = "; ".join(traits)
    return text[:1].upper() + text[1:] + "." if text else "Like the shop’s customers as a whole."


def _told(ranks: Mapping[str, object], night: Night) -> list[str]:
    """Take the fields that people know well; where there are none, all that are not scores."""
    main = [name for name in _MAIN if name in ranks]
    given = [
        name
        for name in ranks
        if name in night.catalogue and night.catalogue[name].origin in ("customers", "derived")
    ]
    return [name for name in main if name in _PHRASES] + given


def _trait(name: str, rank: float, field: Field | None) -> str:
    low, high = _PHRASES.get(name, ("", ""))
    if low:
        return high if rank > 0.5 else low
    level = "high" if rank > 0.5 else "low"
    return f"{level} {title_of(name, field).lower()}"


def _medians(segments: list[Mapping[str, object]], night: Night, speech: Speech) -> Table:
    names = list(mapping(segments[0].get("medians")))
    chosen = [name for name in _MAIN if name in names]
    chosen = (chosen + [name for name in names if name not in chosen])[:_MOST_SHOWN]
    columns = [_column(name, segments, night, speech) for name in chosen]
    return Table(
        "The customer in the middle of each segment (medians)",
        ("Segment", *(_head(name, night) for name in chosen)),
        tuple(
            (_name(segment), *row)
            for segment, row in zip(segments, zip(*columns, strict=True), strict=False)
        ),
        note=f"{len(chosen)} of {len(names)} fields; the others stand in analysis.json."
        if len(names) > len(chosen)
        else "",
    )


def _head(name: str, night: Night) -> str:
    field = night.catalogue.get(name)
    own = field is not None and field.unit and field.origin != "purchases"
    return title_of(name, field) + (f" ({field.unit})" if field is not None and own else "")


def _column(
    name: str, segments: list[Mapping[str, object]], night: Night, speech: Speech
) -> list[str]:
    """Write a field's medians with as many decimals as the column needs."""
    values = [real(mapping(segment.get("medians")).get(name)) for segment in segments]
    field = night.catalogue.get(name)
    if field is not None and field.type == "money":
        minor = 10**speech.shop.minor_digits
        return [speech.money(None if value is None else value * minor) for value in values]
    known = [value for value in values if value is not None]
    small = bool(known) and max(map(abs, known)) < 1
    fractions = any(value != int(value) for value in known)
    return [speech.fixed(value, 3 if small else 1 if fractions else 0) for value in values]
