"""targeting fit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from targeting.cli.ahead import giving_back, keep_freed_memory
from targeting.cli.console import Progress, say, say_json
from targeting.cli.options import (
    accept_option,
    as_of_option,
    engine_of,
    engine_option,
    json_option,
    master_option,
    memory_option,
    out_option,
    source_option,
    today,
    workspace_argument,
    workspace_of,
    workspace_option,
)

if TYPE_CHECKING:
    from targeting.scoring.segments import SegmentModel


@click.command("fit")
@workspace_argument
@workspace_option
@as_of_option
@source_option
@out_option
@accept_option
@memory_option
@engine_option
@master_option
@json_option
def command(
    folder: Path | None,
    option_folder: Path | None,
    as_of: dt.date | None,
    files: dict[str, Path],
    out: Path | None,
    accepted: tuple[str, ...],
    memory: int | None,
    engine: str,
    master: str | None,
    as_json: bool,
) -> None:
    """Fit the segments and likelihoods anew, judge them, and save them for the next runs.

    Under "lift" stand lift_top_tenth and under "fifth" share_top_fifth of the other ways to score.

    Example: targeting fit --as-of 2026-11-24
    """
    keep_freed_memory(bounded=memory is not None)
    workspace = workspace_of(folder, option_folder)
    spark = engine_of(engine, master, memory)
    with Progress() as progress:
        progress.tell("checking the workspace")
        from targeting.night import Options
        from targeting.plan import prepare
        from targeting.run import fit_models

        options = Options(
            out=out or workspace / "out",
            today=today(),
            as_of=as_of,
            files=files,
            accepted=accepted,
            memory=memory,
            engine=spark,
            tell=giving_back(progress.tell, bounded=memory is not None),
            detail=progress.detail,
        )
        fitted = fit_models(prepare(workspace), options)
    if as_json:
        say_json(fitted.evaluations)
        return
    for name, evaluation in fitted.evaluations.items():
        moved = fitted.since_last.get("drift", {}).get(name)
        _say_all([*_likelihood(name, evaluation), *_moved(moved), ""])
    if fitted.models.segments is not None:
        changed = fitted.since_last.get("segments")
        _say_all([*_segments(fitted.models.segments), *_changed(changed), ""])
    say(f"saved in {options.out / 'models'}")


# All lines are made for a terminal of 100 columns.
_ORDERING = ("auc", "pr_auc", "lift_top_tenth", "share_top_fifth")
_CHANCES = ("brier", "ece", "accuracy", "precision", "recall")
_SHORT = {"lift_top_tenth": "lift", "share_top_fifth": "fifth"}
_COMPARED = ("auc", "pr_auc", "brier", "ece", "lift_top_tenth", "share_top_fifth")
_MOST_MOVES = 5


def _say_all(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def _likelihood(name: str, evaluation: Mapping[str, Any]) -> Iterator[str]:
    """Give one likelihood's figures, then the simple ways and the other models beside it."""
    rows = evaluation["judged"].get("rows", 0)
    yield f"{name}: {evaluation['label']}, judged on {rows:,} customers that it had not seen"
    asked, scores = evaluation["model"], evaluation["scored_by"]
    yield f"  scored by {scores}" + ("" if asked == scores else f"; {asked} was asked for")
    seen = evaluation["validation"]
    if seen and asked == "tree":
        yield (
            f"  in validation the tree has an auc of {seen['tree']:.3f}, its teacher of "
            f"{seen['teacher']:.3f} ({seen['rows']:,} customers)"
        )
    yield from _warned(evaluation["warnings"])
    yield f"  {'':<18}{'value':>8}{'95% interval':>18}"
    yield f"  {'base_rate':<18}{_number(evaluation['base_rate']):>8}"
    for figure in (*_ORDERING, *_CHANCES):
        ends = evaluation["intervals"].get(figure)
        end = _floor(evaluation) if figure == "ece" else _between(*ends) if ends else ""
        yield f"  {figure:<18}{_number(evaluation[figure]):>8}{end:>18}".rstrip()
    for words, others in (("simpler ways", "baselines"), ("other models", "compared")):
        if evaluation[others]:
            yield from _beside(words, evaluation, evaluation[others])


def _floor(evaluation: Mapping[str, Any]) -> str:
    """Say the calibration error of a perfect model: its own interval lies high by nature."""
    mean, high = evaluation["ece_floor_mean"], evaluation["ece_floor_95"]
    if mean is None:
        return ""
    return f"    a perfect model has {mean:.3f} on average, under {high:.3f} in 95 cases of 100"


def _beside(words: str, evaluation: Mapping[str, Any], others: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    heads = "".join(f"{_SHORT.get(figure, figure):>7}" for figure in _COMPARED)
    yield f"  {words:<12}{heads}   auc of this model minus its own"
    for name, figures in {"this model": evaluation, **others}.items():
        cells = "".join(f"{_number(figures.get(figure)):>7}" for figure in _COMPARED)
        yield f"  {name:<12}{cells}{_gap(figures.get('differences', {}).get('auc'))}"


def _gap(told: tuple[float, float, float] | None) -> str:
    if told is None:
        return ""
    difference, low, high = told
    verdict = "within chance" if low <= 0 <= high else "better" if difference > 0 else "worse"
    return f"   {difference:+z.3f} ({_between(low, high)})  {verdict}"


def _moved(drift: list[Mapping[str, Any]] | None) -> Iterator[str]:
    """Say which inputs have moved since the last fit; nothing after a first one."""
    if drift is None:
        return
    said = [each["said"] for each in drift if each["level"] in ("some", "much")]
    yield ""
    yield "  since the last fit" + (":" if said else " no input has moved more than a little")
    for text in said:
        yield from wrap(text, width=100, initial_indent="    ", subsequent_indent="      ")


def _segments(model: SegmentModel) -> Iterator[str]:
    from targeting.scoring.stability import STABLE

    yield f"segments: {len(model.names)}, fitted on {model.fitted_rows:,} customers"
    if model.stability is not None:
        not_stable = "stable" if model.stability >= STABLE else "not stable"
        yield f"  stability {model.stability:.2f}: {not_stable} ({STABLE} or more is stable)"
    if model.silhouette is not None:
        yield f"  silhouette {model.silhouette:.2f}"
    yield from _warned([note.as_dict() for note in model.notes])
    if model.tried:
        yield f"  {'tried':<12}{'stability':>12}{'silhouette':>12}{'sum of squares':>16}"
    for number, stable, apart, squares in model.tried:
        yield f"  {number:<12}{stable:>12.3f}{_number(apart):>12}{squares:>16,.1f}"


def _changed(changed: Mapping[str, Any] | None) -> Iterator[str]:
    """Say who changed segment by the refit; nothing after a first fit."""
    if changed is None or changed["share_changed"] is None:
        return
    moves = [row for row in changed["movement"] if None not in (row["before"], row["now"])]
    away = [row for row in moves if row["before"] != row["now"]]
    if not away:
        yield "  nobody changed segment by this fit"
        return
    count, everyone = (sum(row["customers"] for row in rows) for rows in (away, moves))
    share = f"{count:,} of {everyone:,} customers ({changed['share_changed']:.1%})"
    yield f"  by this fit {share} changed segment, most of them"
    for row in sorted(away, key=lambda row: -row["customers"])[:_MOST_MOVES]:
        yield f"    {row['customers']:>8,} from {row['before']} to {row['now']}"


def _warned(warnings: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for warning in sorted(warnings, key=lambda each: not each["code"].startswith("L")):
        yield from wrap(
            f"{warning['code']}: {warning['text']}",
            width=100,
            initial_indent="  ",
            subsequent_indent="        ",
        )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:z.3f}"


def _between(low: float, high: float) -> str:
    return f"{low:z.3f} to {high:z.3f}"
