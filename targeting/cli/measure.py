"""targeting measure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from targeting.cli.console import Progress, counted, note, say, say_json
from targeting.cli.options import (
    as_of_option,
    json_option,
    out_option,
    source_option,
    today,
    workspace_of,
    workspace_option,
)

if TYPE_CHECKING:
    from targeting.measure.assignments import Columns, Experiment
    from targeting.measure.comparison import Comparison
    from targeting.measure.verdict import Sought
    from targeting.workspace.literals import Period

_HELD_OUT = "held out"
_ALL_RULES = "all rules together, against the universal holdout"


def _read_period(_: click.Context, __: click.Parameter, value: str) -> Period:
    from targeting.workspace.literals import Misread, read_period

    try:
        return read_period(value)
    except Misread as error:
        raise click.BadParameter(f"{error.message}; {error.instead}") from None


def _read_since(_: click.Context, __: click.Parameter, value: str | None) -> dt.date | None:
    from targeting.workspace.literals import Misread, read_date

    try:
        return None if value is None else read_date(value)
    except Misread as error:
        raise click.BadParameter(f"{error.message}; {error.instead}") from None


def _read_sought(_: click.Context, __: click.Parameter, value: str) -> Sought:
    from targeting.measure.verdict import Sought

    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,4})?)(%| points?)", value, re.ASCII)
    if found is None or not float(found[1]):
        raise click.BadParameter(f"'{value}' is neither like '20%' nor like '1 point'")
    number = float(found[1])
    return Sought(share=number / 100) if found[2] == "%" else Sought(share=None, points=number)


@dataclass(frozen=True)
class _Nights:
    """Which runs are asked about, and where they and the sources lie."""

    workspace: Path
    out: Path
    run: str | None
    rule: str | None
    since: dt.date | None
    as_of: dt.date | None
    files: Mapping[str, Path]


# Answers of which fewer are better, where two messages are compared.
_UNWELCOME = ("bounced", "complained", "unsubscribed")


@click.command("measure")
@click.argument("run", required=False)
@click.option("--rule", metavar="RULE", help="Only this rule; without a RUN in all runs.")
@click.option("--variants", is_flag=True, help="Compare the variants of RULE's message.")
@click.option("--since", metavar="DATE", callback=_read_since, help="All runs from this day on.")
@click.option(
    "--within", default="30 days", metavar="PERIOD", callback=_read_period, show_default=True,
    help="How long after the first contact a purchase counts.",
)  # fmt: skip
@click.option(
    "--effect", "sought", default="20%", metavar="EFFECT", callback=_read_sought, show_default=True,
    help="The difference worth seeing: 20% of the control's value, or '1 point'.",
)  # fmt: skip
@click.option(
    "--assignments", type=click.Path(path_type=Path), metavar="FILE",
    help="Measure any experiment: one row a customer.",
)  # fmt: skip
@click.option("--arm", metavar="COLUMN", help="The column of FILE that names the customer's arm.")
@click.option("--control", metavar="VALUE", help="The arm that all others are compared with.")
@click.option(
    "--outcome", "outcomes", multiple=True, metavar="COLUMN",
    help="A column of what came of it: yes/no, or a number such as spend.",
)  # fmt: skip
@click.option(
    "--worse", multiple=True, metavar="COLUMN", help="An outcome of which less is better."
)
@click.option("--segment", metavar="COLUMN", help="Compare within each value of this column, too.")
@workspace_option
@as_of_option
@source_option
@out_option
@json_option
def command(
    run: str | None,
    rule: str | None,
    variants: bool,
    since: dt.date | None,
    within: Period,
    sought: Sought,
    assignments: Path | None,
    arm: str | None,
    control: str | None,
    outcomes: tuple[str, ...],
    worse: tuple[str, ...],
    segment: str | None,
    option_folder: Path | None,
    as_of: dt.date | None,
    files: dict[str, Path],
    out: Path | None,
    as_json: bool,
) -> None:
    """Compare the contacted with the held out: who bought, what they spent, and is it chance.

    Without a RUN: the last one; with --rule or --since, all runs. Intervals are of 95%; p is
    corrected by Holm over the rules (or arms) of one outcome, and over its segments apart.

    Example: targeting measure --rule accessory_bundles --since 2026-09-01

    Example: targeting measure --rule accessory_bundles --variants

    Example: targeting measure --assignments test.csv --arm group --control none --outcome visit
    """
    if assignments is None:
        _refuse_stray([arm, control, segment, *outcomes, *worse], "--assignments FILE is missing")
        if run is not None and since is not None:
            raise click.UsageError("a RUN has its own day: leave out --since")
        folder = workspace_of(None, option_folder)
        nights = _Nights(folder, out or folder / "out", run, rule, since, as_of, files)
        if variants:
            if rule is None:
                raise click.UsageError("--variants needs --rule RULE")
            found, control = _of_variants(nights, rule, within, sought)
            _show(found, as_json, control, lambda each: f"{each.rule}, variant {each.arm}")
            return
        found = _of_runs(nights, within, sought)
        _show(found, as_json, _HELD_OUT, lambda each: each.rule or _ALL_RULES)
        return
    _refuse_stray(
        [run, rule, since, as_of, variants or None, *files],
        "--assignments has no runs, rules or days",
    )
    if arm is None or control is None or not (outcomes or worse):
        raise click.UsageError("--assignments needs --arm, --control and an --outcome")
    from targeting.measure.assignments import Columns

    columns = Columns(arm, control, tuple(dict.fromkeys((*outcomes, *worse))), segment)
    found = _of_file(assignments, columns, worse, sought)
    _show(found, as_json, control, lambda each: each.arm)


def _refuse_stray(given: Sequence[object], why: str) -> None:
    if any(each is not None for each in given):
        raise click.UsageError(why)


def _of_file(
    path: Path, columns: Columns, worse: Sequence[str], sought: Sought
) -> list[Comparison]:
    with Progress() as progress:
        progress.tell(f"reading {path.name}")
        from targeting.measure.assignments import read_experiment
        from targeting.measure.compare import Question, compare

        experiment = read_experiment(path, columns)
        progress.tell("comparing")
        question = Question(
            experiment.arms, columns.control, sought=sought, less_is_better=frozenset(worse)
        )
        found = compare(experiment.frame, question)
    _note_left_out(experiment, columns.arm)
    return found


def _note_left_out(experiment: Experiment, arm: str) -> None:
    note(counted(experiment.rows, "row"))
    if experiment.without_arm:
        note(f"{counted(experiment.without_arm, 'row')} without '{arm}' left out")
    for outcome, rows in experiment.missing.items():
        if rows:
            note(f"{counted(rows, 'row')} without '{outcome}' left out of that outcome")


def _of_runs(nights: _Nights, within: Period, sought: Sought) -> list[Comparison]:
    with Progress() as progress:
        progress.tell("reading runs")
        from targeting.frames import SELECTED
        from targeting.intake.read import read_sources
        from targeting.measure import runs
        from targeting.measure.compare import Question, compare
        from targeting.plan import prepare

        workspace = prepare(nights.workspace).workspace
        folders = _folders(nights)
        decided = runs.decided(folders, nights.rule)
        progress.tell("reading sources")
        read = read_sources(workspace, files=nights.files, as_of=nights.as_of, today=today())
        progress.tell("comparing")
        digits = workspace.settings.shop.minor_digits
        question = Question(
            [SELECTED], "held_out", sought=sought, as_of=read.as_of, described=runs.DESCRIBED
        )
        found = compare(runs.followed(decided, read.frames, within, digits), question)
    names = folders[0].name if len(folders) == 1 else f"{len(folders)} runs"
    note(f"{names}, what happened within {within} of the first contact, known up to {read.as_of}")
    if "purchases" not in read.frames:
        note("the workspace has no purchases, so nothing can be compared")
    elif not found:
        note("nobody was contacted or held out")
    return found


def _of_variants(
    nights: _Nights, rule: str, within: Period, sought: Sought
) -> tuple[list[Comparison], str]:
    """Compare each variant of a rule's message with the first by name; give its name, too."""
    with Progress() as progress:
        progress.tell("reading runs")
        from targeting.intake.read import read_sources
        from targeting.measure import runs
        from targeting.measure.compare import Question, compare
        from targeting.measure.variants import by_variant, sent_variants
        from targeting.plan import prepare

        workspace = prepare(nights.workspace).workspace
        folders = _folders(nights)
        sent = sent_variants(folders, rule)
        first, *others = sorted(sent["variant"].unique())
        progress.tell("reading sources")
        read = read_sources(workspace, files=nights.files, as_of=nights.as_of, today=today())
        progress.tell("comparing")
        digits = workspace.settings.shop.minor_digits
        followed = runs.followed(sent, read.frames, within, digits)
        question = Question(
            others, first, sought=sought, as_of=read.as_of, less_is_better=_UNWELCOME
        )
        found = compare(by_variant(followed, sent), question)
    note(f"the variants of {rule}, within {within} of the first message, up to {read.as_of}")
    return found, f"variant {first}"


def _folders(nights: _Nights) -> list[Path]:
    from targeting.measure import runs

    if nights.run is not None:
        return runs.named_run(nights.out, nights.run)
    if nights.rule is None and nights.since is None:
        return runs.last_run(nights.out)
    return runs.runs_since(nights.out, nights.since)


def _show(
    found: Sequence[Comparison], as_json: bool, control: str, head: Callable[[Comparison], str]
) -> None:
    """Print a block for each rule or arm, all segments together first, then each."""
    if as_json:
        say_json([each.as_row() for each in found])
        return
    from targeting.measure.words import line, worth_a_line

    last: tuple[str, ...] = ()
    for each in worth_a_line(found):
        block = (head(each),) if each.segment is None else (head(each), each.segment)
        if block != last:
            say(f"  in {each.segment}" if each.segment is not None else head(each))
        say(("    " if each.segment is not None else "  ") + line(each, control))
        last = block
