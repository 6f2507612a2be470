"""The first analysis, read honestly: what a regression, a tree and K-means are worth here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from targeting.report.leakage import has_leak, leaks
from targeting.report.likelihood_figures import judged_rows
from targeting.report.numbers import Night
from targeting.report.parts import Table, mapping, real, rows_of, title_of, whole
from targeting.report.speech import NOTHING, Speech
from targeting.report.ways import title_of_way
from targeting.scoring.stability import STABLE

_Row = tuple[str, str, str, str, str]  # what was done, figure, value, beside, what it is worth
_LITTLE = 0.05  # of accuracy above that of one answer for everyone


@dataclass(frozen=True)
class FirstAnalysis:
    """The chapter, ready to be shown."""

    reading: tuple[str, ...]
    table: Table


def first_analysis(
    night: Night, figures: Mapping[str, object], speech: Speech
) -> FirstAnalysis | None:
    """Read the figures that a first analysis gives beside what costs nothing to know.

    None where no linear regression is asked for and no label is a column.
    """
    regression, models = mapping(figures.get("linear_regression")), _models(figures)
    if not regression and not any(_is_a_column(model) for model in models.values()):
        return None
    rows = [
        *_regression(regression, night, speech),
        *(row for name, m in models.items() for row in _likelihood(name, m, night, speech)),
        *_segments(mapping(night.manifest.get("segment_model")), night, speech),
    ]
    table = Table(
        "What each figure is worth",
        ("What was done", "Figure", "Value", "Beside", "What it is worth"),
        tuple(rows),
        words=frozenset({1, 3, 4}),
    )
    leakage = (text for model in models.values() for text in _leakage(model))
    return FirstAnalysis((*_explained(regression), *leakage), table)


def _models(figures: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    told = mapping(figures.get("models"))
    return {name: mapping(model) for name, model in sorted(told.items())}


def _is_a_column(model: Mapping[str, object]) -> bool:
    """Say whether a label is a column: labels from purchases have cut-off dates."""
    return judged_rows(model) > 0 and "cut_offs" not in mapping(model.get("judged"))


def _explained(regression: Mapping[str, object]) -> tuple[str, ...]:
    if not regression:
        return ()
    return (
        "R² is the part of the differences between customers that a straight line explains: one"
        " near 0 explains nothing.",
    )


def _leakage(model: Mapping[str, object]) -> Iterator[str]:
    texts = [str(row.get("text")) for row in rows_of(model.get("warnings")) if leaks(row)]
    if texts:
        yield f"Leakage explains how well {model.get('label')} is foretold: {'; '.join(texts)}."


def _regression(found: Mapping[str, object], night: Night, speech: Speech) -> Iterator[_Row]:
    if not found:
        return
    names = found.get("fields")
    given = ", ".join(
        _title(str(name), night) for name in (names if isinstance(names, list) else ())
    )
    r2 = real(found.get("r2"))
    yield (
        f"Linear regression of {_title(str(found.get('target')), night)} from {given}",
        f"R² on {speech.count(whole(found.get('n_test')), 'customer')} it had not seen",
        speech.fixed(r2, 3),
        "0: always saying the average",
        _worth_of_r2(r2, speech),
    )


def _title(name: str, night: Night) -> str:
    return title_of(name, night.catalogue.get(name))


def _worth_of_r2(r2: float | None, speech: Speech) -> str:
    if r2 is None:
        return "Cannot be told: too few customers have all values."
    if r2 <= 0.02:
        return "Explains nothing: the average does as well."
    part = f"{speech.percent(r2)} of the differences are explained"
    return f"Explains little: {part}." if r2 < 0.25 else f"{part[:1].upper()}{part[1:]}."


def _likelihood(
    name: str, model: Mapping[str, object], night: Night, speech: Speech
) -> Iterator[_Row]:
    base, accuracy = real(model.get("base_rate")), real(model.get("accuracy"))
    if base is None or accuracy is None:
        return
    way = str(model.get("scored_by") or model.get("model"))
    what = f"{_title(name, night)}, {title_of_way(way)}: {model.get('label')}"
    alike, answer = max(base, 1 - base), "yes" if base >= 0.5 else "no"
    everyone = f"{speech.fixed(alike, 3)}: saying {answer} of everyone"
    yield (
        what,
        "Accuracy",
        speech.fixed(accuracy, 3),
        everyone,
        _worth(accuracy - alike, has_leak(model), speech),
    )
    for key, words in (("precision", "of those of whom it says yes, did"),
                       ("recall", "of those who did, it found")):  # fmt: skip
        value = real(model.get(key))
        beside = base if key == "precision" else 1.0
        told = f"{speech.fixed(beside, 3)}: saying yes of everyone"
        worth = NOTHING if value is None else f"{speech.percent(value)} {words}."
        yield what, key.capitalize(), speech.fixed(value, 3), told, worth
    auc = real(model.get("auc"))
    yield what, "AUC", speech.fixed(auc, 3), "0.5: drawing lots", _worth_of_auc(model)


def _worth(gain: float, leak: bool, speech: Speech) -> str:
    """Say what the accuracy is more than that of one answer for everyone."""
    if gain <= 0:
        return "Worth nothing: one answer for everyone is right as often."
    only = "Little: only " if gain < _LITTLE else ""
    end = ", and leakage explains them." if leak else "."
    return f"{only}{speech.number(gain * 100, 1)} more right answers in 100{end}"


def _worth_of_auc(model: Mapping[str, object]) -> str:
    if has_leak(model):
        return "Says nothing: a field knows the answer."
    auc = real(model.get("auc"))
    if auc is None:
        return "Cannot be told: one class alone was judged."
    return "Ranks no better than lots." if auc < 0.55 else "Ranks customers; see Likelihoods."


def _segments(model: Mapping[str, object], night: Night, speech: Speech) -> Iterator[_Row]:
    number = len(rows_of(night.manifest.get("segments")))
    if not number:
        return
    what = f"K-means: {speech.count(number, 'segment')}"
    apart, agree = real(model.get("silhouette")), real(model.get("stability"))
    if apart is not None:
        worth = "They lie apart." if apart >= 0.5 else "They touch: borders are a convention."
        told = "0: touching; 1: far apart"
        yield what, "Silhouette", speech.fixed(apart, 3), told, worth
    if agree is not None:
        stable = agree >= STABLE
        worth = "The same again." if stable else "Not the same again on other samples."
        told = f"{speech.number(STABLE, 2)}: stable"
        yield what, "Stability (adjusted Rand index)", speech.fixed(agree, 3), told, worth
