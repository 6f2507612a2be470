"""targeting stock backtest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from targeting.cli.console import Progress, note, say, say_json
from targeting.cli.options import (
    as_of_option,
    json_option,
    source_option,
    today,
    workspace_of,
    workspace_option,
)

if TYPE_CHECKING:
    from targeting.replay.backtest import Result
    from targeting.replay.opening import Opening
    from targeting.workspace.load import Workspace


@click.command("backtest")
@click.option(
    "--weeks", default=26, show_default=True, type=click.IntRange(1, 104),
    help="How many weeks up to the newest are replayed.",
)  # fmt: skip
@click.option(
    "--lines", default=5000, show_default=True, type=click.IntRange(1, 200_000),
    help="At most so many products and locations, evenly spaced by class.",
)  # fmt: skip
@workspace_option
@as_of_option
@source_option
@json_option
def command(
    weeks: int,
    lines: int,
    option_folder: Path | None,
    as_of: dt.date | None,
    files: dict[str, Path],
    as_json: bool,
) -> None:
    """Replay the past weeks: what these suggestions would have served, held and ordered.

    Beside them: fixed weeks of cover, a moving average, and what was done, where old counts of
    stock tell. First each as it is set, then all at the same fill rate. Nothing is written.

    Example: targeting stock backtest --weeks 26
    """
    folder = workspace_of(None, option_folder)
    with Progress() as progress:
        progress.tell("reading sources")
        from targeting.intake.read import read_sources
        from targeting.plan import prepare
        from targeting.replay.backtest import backtest
        from targeting.replay.opening import Asked, opening

        plan = prepare(folder)
        settings = plan.workspace.settings
        read = read_sources(plan.workspace, files=files, as_of=as_of, today=today())
        source = settings.sources.get("purchases")
        place = "targeting.yaml" if source is None else source.file or "targeting.yaml"
        asked = Asked(weeks, read.as_of, lines, place)
        digits = settings.shop.minor_digits
        opened = opening(read.frames, plan.rules, settings.ordering, asked, digits=digits)
        results = backtest(opened, read.frames.get("stock"), read.as_of, progress.tell)
    if as_json:
        say_json([each.as_row(digits) for each in results])
        return
    _show(plan.workspace, opened, results)


def _show(workspace: Workspace, opened: Opening, results: Sequence[Result]) -> None:
    from targeting.replay.words import caveats, columns, conclusion, table

    shop = workspace.settings.shop
    for line in table(results, shop.currency or "money", shop.minor_digits):
        say(line)
    for text in (columns(), conclusion(results)):
        say()
        for line in wrap(text, width=100):
            say(line)
    for text in caveats(opened, results):
        note(text)
