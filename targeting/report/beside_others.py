"""A likelihood beside other ways to score: the gaps, and which of them chance explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from targeting.report.parts import Table, mapping, real
from targeting.report.speech import NOTHING, Speech
from targeting.report.ways import title_of_way, way_in_words

# Figure, its head, and whether it is a share.
_FIGURES = (
    ("auc", "AUC", False),
    ("pr_auc", "PR AUC", False),
    ("lift_top_tenth", "Top tenth, times the average", False),
    ("share_top_fifth", "Buyers in the top fifth", True),
    ("brier", "Squared error (Brier)", False),
    ("ece", "Calibration error", False),
)


@dataclass(frozen=True)
class Gap:
    """A figure of this model minus that of another, with its 95% interval."""

    difference: float
    low: float
    high: float

    @property
    def within_chance(self) -> bool:
        """Say whether the interval holds 0."""
        return self.low <= 0 <= self.high

    @property
    def verdict(self) -> str:
        """Say of a figure where more is better what the gap means for this model."""
        if self.within_chance:
            return "within chance"
        return "better" if self.difference > 0 else "worse"


@dataclass(frozen=True)
class Beside:
    """One comparison, ready to be shown; `gaps` are all differences with their intervals."""

    reading: str
    table: Table
    gaps: Table


def beside(
    model: Mapping[str, object], others: object, caption: str, kind: str, speech: Speech
) -> Beside | None:
    """Compare a likelihood with others, in their order; None where there are none.

    `kind` is what they are called in a sentence: simpler ways.
    """
    rows = {str(name): mapping(figures) for name, figures in mapping(others).items()}
    if not rows:
        return None
    return Beside(_reading(rows, kind, speech), _table(model, rows, caption, speech),
                  _gaps(rows, caption, speech))  # fmt: skip


def gap_of(figures: Mapping[str, object], figure: str) -> Gap | None:
    """Read a difference as the manifest has it, [difference, low, high]; None where it has none."""
    told = mapping(figures.get("differences")).get(figure)
    numbers = [real(value) for value in told] if isinstance(told, Sequence) else []
    if len(numbers) != 3 or numbers[0] is None or numbers[1] is None or numbers[2] is None:
        return None
    return Gap(numbers[0], numbers[1], numbers[2])


def _reading(rows: Mapping[str, Mapping[str, object]], kind: str, speech: Speech) -> str:
    known = [(auc, name) for name, row in rows.items() if (auc := real(row.get("auc"))) is not None]
    if not known:
        return ""
    best, name = max(known)
    gap = gap_of(rows[name], "auc")
    text = f"Best of the {kind}: {way_in_words(name)}, with an AUC of {speech.fixed(best, 3)}"
    if gap is None:
        return text + "."
    amount, between = speech.fixed(abs(gap.difference), 3), interval(gap.low, gap.high, speech)
    if gap.within_chance:
        return f"{text}; the difference to this model lies within chance ({between})."
    return (
        f"{text}; this model is {gap.verdict} by {amount}, more than chance explains ({between})."
    )


def _table(
    model: Mapping[str, object],
    rows: Mapping[str, Mapping[str, object]],
    caption: str,
    speech: Speech,
) -> Table:
    own = str(model.get("scored_by") or model.get("model") or "")
    this = f"This model: {way_in_words(own)}" if own else "This model"
    cells = [(this, *_cells(model, None, speech))]
    cells += [
        (title_of_way(name), *_cells(row, gap_of(row, "auc"), speech)) for name, row in rows.items()
    ]
    (_, auc, _), *others = _FIGURES
    gap = ("This model minus it", "95% interval", "This model is")
    heads = ("Way", auc, *gap, *(head for _, head, _ in others))
    return Table(caption, heads, tuple(cells), words=frozenset({4}))


def _cells(row: Mapping[str, object], gap: Gap | None, speech: Speech) -> tuple[str, ...]:
    """Write the AUC and its gap, then the other figures."""
    auc, *others = (
        speech.percent(value) if share else speech.fixed(value, 3)
        for key, _, share in _FIGURES
        for value in [real(row.get(key))]
    )
    if gap is None:
        return (auc, NOTHING, NOTHING, NOTHING, *others)
    between = interval(gap.low, gap.high, speech)
    return (auc, signed(gap.difference, speech), between, gap.verdict, *others)


def _gaps(rows: Mapping[str, Mapping[str, object]], caption: str, speech: Speech) -> Table:
    return Table(
        f"{caption}: this model’s figures minus theirs",
        ("Way", *(head for _, head, _ in _FIGURES)),
        tuple(
            (title_of_way(name), *(_in_brackets(gap_of(row, key), speech) for key, *_ in _FIGURES))
            for name, row in rows.items()
        ),
        note="With 95% intervals: one that holds 0 is within chance. Of errors less is better.",
    )


def _in_brackets(gap: Gap | None, speech: Speech) -> str:
    if gap is None:
        return NOTHING
    return f"{signed(gap.difference, speech)} ({interval(gap.low, gap.high, speech)})"


def signed(value: float, speech: Speech) -> str:
    """Write a difference with its sign, to three decimals."""
    text = speech.fixed(value, 3)
    return f"+{text}" if value > 0 else text


def interval(low: float, high: float, speech: Speech) -> str:
    """Write an interval, to three decimals."""
    return f"{speech.fixed(low, 3)} to {speech.fixed(high, 3)}"
