"""targeting fit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from targeting.cli.console import Progress, say, say_json
from targeting.cli.options import (
    accept_option,
    as_of_option,
    json_option,
    out_option,
    source_option,
    today,
    workspace_argument,
    workspace_of,
    workspace_option,
)


@click.command("fit")
@workspace_argument
@workspace_option
@as_of_option
@source_option
@out_option
@accept_option
@json_option
def command(
    folder: Path | None,
    option_folder: Path | None,
    as_of: dt.date | None,
    files: dict[str, Path],
    out: Path | None,
    accepted: tuple[str, ...],
    as_json: bool,
) -> None:
    """Fit the segments and likelihoods anew, judge them, and save them for the next runs.

    Example: targeting fit --as-of 2026-11-24
    """
    workspace = workspace_of(folder, option_folder)
    with Progress() as progress:
        progress.tell("checking the workspace")
        from targeting.plan import prepare
        from targeting.run import Options, fit_models

        options = Options(
            out=out or workspace / "out",
            today=today(),
            as_of=as_of,
            files=files,
            accepted=accepted,
            tell=progress.tell,
        )
        fitted = fit_models(prepare(workspace), options)
    if as_json:
        say_json(fitted.evaluations)
        return
    for name, evaluation in fitted.evaluations.items():
        _tell(name, evaluation)
    say(f"saved in {options.out / 'models'}")


_FIGURES = ("base_rate", "auc", "pr_auc", "brier", "ece", "lift_top_tenth", "share_top_fifth")


def _tell(name: str, evaluation: Mapping[str, Any]) -> None:
    """Print one likelihood's figures beside those of the simple rankings."""
    say(f"{name}: {evaluation['label']}, judged on {evaluation['judged'].get('rows', 0):,} rows")
    baselines = evaluation["baselines"]
    say(f"  {'':<18}{evaluation['model']:>10}" + "".join(f"{word:>10}" for word in baselines))
    for figure in _FIGURES:
        values = [evaluation.get(figure), *(b.get(figure) for b in baselines.values())]
        cells = "".join(f"{'-' if v is None else format(v, '.3f'):>10}" for v in values)
        say(f"  {figure:<18}{cells}")
    for warning in evaluation["warnings"]:
        say(f"  {warning['code']}: {warning['text']}")
    say()
