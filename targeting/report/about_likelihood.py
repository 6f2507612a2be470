"""Each likelihood: what scores, can it be believed, what is it made of and what is it good for?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from targeting.report.beside_others import Beside, beside
from targeting.report.drift_words import Moved, moved_inputs
from targeting.report.leakage import leaks
from targeting.report.likelihood_figures import figures_table, how_well, what_scores
from targeting.report.likelihood_pictures import likelihood_pictures
from targeting.report.numbers import Night
from targeting.report.parts import Figure, Finding, Table, mapping, real, rows_of, title_of, whole
from targeting.report.speech import NOTHING, Speech


@dataclass(frozen=True)
class LikelihoodChapter:
    """One likelihood, ready to be shown."""

    title: str
    warnings: tuple[Finding, ...]
    scores: tuple[str, ...]
    reading: tuple[str, ...]
    pictures: tuple[Figure, ...]
    figures: Table
    comparisons: tuple[Beside, ...]
    reasons: tuple[Table, ...]
    moved: tuple[Moved, ...]


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
    simpler = beside(model, model.get("baselines"), "Beside simpler ways", "simpler ways", speech)
    others = beside(model, model.get("compared"), "Beside other models", "other models", speech)
    return LikelihoodChapter(
        title=_title(night, name, model),
        warnings=tuple(Finding(said_plainly(row)) for row in warnings_of(model)),
        scores=what_scores(model, speech),
        reading=how_well(model, speech),
        pictures=likelihood_pictures(name, model, speech),
        figures=figures_table(model, speech),
        comparisons=tuple(one for one in (simpler, others) if one is not None),
        reasons=_reasons(mapping(model.get("reasons")), speech),
        moved=tuple(moved_inputs(night.manifest, name, speech)),
    )


def warnings_of(model: Mapping[str, object]) -> list[Mapping[str, object]]:
    """List a likelihood's warnings, leakage first."""
    return sorted(rows_of(model.get("warnings")), key=lambda row: not leaks(row))


def said_plainly(warning: Mapping[str, object]) -> str:
    """Say a model's warning so that a manager knows what it means for the lists."""
    text = str(warning.get("text") or "").strip()
    if leaks(warning):
        return f"Do not rely on this likelihood yet: {text}"
    return text


def _title(night: Night, name: str, model: Mapping[str, object]) -> str:
    title, label = title_of(name, night.catalogue.get(name)), model.get("label")
    return f"{title}: {label}" if isinstance(label, str) and label else title


def _reasons(reasons: Mapping[str, object], speech: Speech) -> tuple[Table, ...]:
    ends = (("highest", "likeliest"), ("lowest", "unlikeliest"))
    return tuple(_why(mapping(reasons[end]), word, speech) for end, word in ends if end in reasons)


def _why(told: Mapping[str, object], word: str, speech: Speech) -> Table:
    everyone, rows = whole(told.get("customers")), rows_of(told.get("reasons"))
    between = " to ".join(
        dict.fromkeys(speech.percent(real(told.get(end))) for end in ("from", "to"))
    )
    most = max((whole(row.get("customers")) for row in rows), default=0) or 1
    counts = [whole(row.get("customers")) for row in rows]
    told_apart = any(row.get("speaks") for row in rows)
    return Table(
        f"Why the {speech.count(everyone, f'{word} customer')} ({between}) score so",
        ("Commonest reasons", *(["Speaks"] if told_apart else []), "Customers", "Share"),
        tuple(
            (
                str(row.get("reason")),
                *([str(row.get("speaks") or NOTHING)] if told_apart else []),
                speech.number(n),
                speech.percent(n / (everyone or 1)),
            )
            for row, n in zip(rows, counts, strict=True)
        ),
        bars=tuple((n / most,) for n in counts),
    )
