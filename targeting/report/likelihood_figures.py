"""How good a likelihood is: its figures with what chance does to them, in a table and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from targeting.report.leakage import has_leak
from targeting.report.parts import Table, mapping, real, rows_of, whole
from targeting.report.speech import NOTHING, Speech
from targeting.report.ways import WHAT_IT_IS, way_in_words
from targeting.scoring.doubts import FALL_BACK
from targeting.scoring.lesson import FAR_BEHIND

# Figure, what it says, and whether it is a share.
_MEASURES = (
    ("auc", "Puts buyers before others (AUC; 0.5 is chance)", False),
    ("pr_auc", "Precision averaged over recall (PR AUC)", False),
    ("lift_top_tenth", "Buyers in the top tenth, times the average", False),
    ("share_top_fifth", "Share of buyers found in the top fifth", True),
    ("brier", "Squared error (Brier; 0 is best)", False),
    ("ece", "Calibration error (0 is best)", False),
    ("ece_floor_mean", "… of a perfect model of this many customers", False),
    ("ece_floor_95", "… which a perfect model stays below in 95 cases of 100", False),
    ("accuracy", "Accuracy at a likelihood of one half", True),
    ("precision", "Precision at one half", True),
    ("recall", "Recall at one half", True),
)


def figures_table(model: Mapping[str, object], speech: Speech) -> Table:
    """List every figure with its 95% interval.

    The interval of the calibration error lies high by its nature: its floor stands in its place.
    """
    told = [m for m in _MEASURES if real(model.get(m[0])) is not None]
    rows = [
        (words, _written(real(model.get(key)), share, speech), _interval(model, key, share, speech))
        for key, words, share in told
    ]
    base = real(model.get("base_rate"))
    if base is not None and any(key == "accuracy" for key, *_ in told):
        alike = speech.percent(max(base, 1 - base))
        rows.append(("Accuracy of the same answer for everyone", alike, NOTHING))
    return Table("How good it is", ("Figure", "Value", "95% interval"), tuple(rows))


def what_scores(model: Mapping[str, object], speech: Speech) -> tuple[str, ...]:
    """Say what scores, why where it is not what was asked for, and what a tree could not follow."""
    asked, scores = model.get("model"), model.get("scored_by")
    said = [WHAT_IT_IS[str(scores)]] if scores in WHAT_IT_IS else []
    if scores in ("base_rate", "none"):
        said += [f"Why: {why}." for why in _reasons_to_fall_back(model)]
    elif said and asked and asked != scores:
        said.append(f"Asked for was {way_in_words(str(asked))}.")
    return (*said, *_validated(model, speech))


def how_well(model: Mapping[str, object], speech: Speech) -> tuple[str, ...]:
    """Say on whom it was judged and whether its percentages can be believed."""
    judged, base = judged_rows(model), real(model.get("base_rate"))
    said = []
    if judged and base is not None:
        said.append(
            f"Judged on {speech.count(judged, 'customer')} that the model had not seen:"
            f" {speech.percent(base)} of them did."
        )
    if any(row.get("code") == "M004" for row in rows_of(model.get("warnings"))):
        said.append("The figures are those of the model that was given up.")
    return (*said, *_calibrated(model, speech))


def judged_rows(model: Mapping[str, object]) -> int:
    """Count the judged rows: a manifest has the number, or a mapping with it."""
    judged = model.get("judged")
    return whole(mapping(judged).get("rows") if isinstance(judged, Mapping) else judged)


def _reasons_to_fall_back(model: Mapping[str, object]) -> list[str]:
    notes = rows_of(model.get("warnings"))
    return [str(note.get("text")) for note in notes if note.get("code") in FALL_BACK]


def _validated(model: Mapping[str, object], speech: Speech) -> tuple[str, ...]:
    seen = mapping(model.get("validation"))
    teacher, tree = real(seen.get("teacher")), real(seen.get("tree"))
    if teacher is None or tree is None or model.get("model") != "tree":
        return ()
    rows = speech.count(whole(seen.get("rows")), "customer")
    text = (
        f"In validation on {rows} one tree reached an AUC of {speech.fixed(tree, 3)} and its"
        f" teacher {speech.fixed(teacher, 3)}:"
    )
    limit = speech.number(FAR_BEHIND, 2)
    if teacher - tree > FAR_BEHIND:
        behind = speech.fixed(teacher - tree, 3)
        return (f"{text} it trails by {behind}, more than the {limit} allowed, so points score.",)
    return (f"{text} it trails by no more than the {limit} allowed.",)


def _calibrated(model: Mapping[str, object], speech: Speech) -> tuple[str, ...]:
    error, floor = real(model.get("ece")), real(model.get("ece_floor_95"))
    if error is None or floor is None:
        return ()
    mean = real(model.get("ece_floor_mean"))
    usual = "" if mean is None else f" would have {speech.fixed(mean, 3)} on average and"
    text = (
        f"Its calibration error is {speech.fixed(error, 3)}; a perfect model of this many customers"
        f"{usual} stays below {speech.fixed(floor, 3)} in 95 cases of 100."
    )
    if has_leak(model):
        return (text, "It says nothing of how customers behave: a field knows the answer.")
    if error <= floor:
        return (text, "So its percentages can be taken at their word.")
    off = (
        "So its percentages are off by more than chance explains: use them to compare customers,"
        " not as promises."
    )
    return (text, off, *_too_high_or_low(model, speech))


def _too_high_or_low(model: Mapping[str, object], speech: Speech) -> tuple[str, ...]:
    """Say the mean of what was said beside what happened."""
    bins = [
        (whole(row.get("customers")), real(row.get("mean_score")) or 0.0)
        for row in rows_of(model.get("calibration"))
    ]
    base, customers = real(model.get("base_rate")), sum(n for n, _ in bins)
    if base is None or not customers:
        return ()
    said = sum(n * mean for n, mean in bins) / customers
    return (f"On average {speech.percent(said)} was said and {speech.percent(base)} did.",)


def _interval(model: Mapping[str, object], key: str, share: bool, speech: Speech) -> str:
    ends = mapping(model.get("intervals")).get(key)
    if key == "ece" or not isinstance(ends, Sequence) or len(ends) != 2:
        return NOTHING
    low, high = (_written(real(end), share, speech) for end in ends)
    return f"{low} to {high}"


def _written(value: float | None, share: bool, speech: Speech) -> str:
    return speech.percent(value) if share else speech.fixed(value, 3)
