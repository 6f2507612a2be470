"""targeting explain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from targeting.cli.console import note, say, say_json
from targeting.cli.options import json_option, out_option, workspace_of, workspace_option

if TYPE_CHECKING:
    from targeting.evidence.explained import Explained, LineFound, RuleFound


@click.command("explain")
@click.argument("customer")
@click.option("--run", "run_id", metavar="RUN", help="A run in --out; the last one by default.")
@click.option("--rule", metavar="RULE", help="Only this rule.")
@workspace_option
@out_option
@json_option
def command(
    customer: str,
    run_id: str | None,
    rule: str | None,
    option_folder: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Say for every rule why it contacted a customer or not, as a run decided it.

    Example: targeting explain C10024
    """
    from targeting.evidence.explain import explain
    from targeting.evidence.find_run import find_run
    from targeting.evidence.nearest import known_customer
    from targeting.evidence.read_run import open_run
    from targeting.problems import did_you_mean

    folder = out or workspace_of(None, option_folder) / "out"
    run = open_run(find_run(folder, run_id))
    chosen = [one for one in run.rules if rule in (None, one.name)]
    if rule is not None and not chosen:
        names = [one.name for one in run.rules]
        message = f"run {run.run_id} had no contact rule '{rule}'; {did_you_mean(rule, names)}"
        raise click.UsageError(message)
    known_customer(run, customer)
    (found,) = explain(run, [customer], chosen)
    if as_json:
        say_json(found.as_dict())
    else:
        _tell(found, whole=rule is not None)
    for text in (*run.notes, *found.doubts):
        note(text)


def _tell(found: Explained, *, whole: bool) -> None:
    """Print the customer, the rules that reached it in full, the others in one line each."""
    from targeting.evidence.explained import NOT_ELIGIBLE, says_failed

    _tell_customer(found)
    reached = [one for one in found.rules if whole or one.outcome != NOT_ELIGIBLE]
    others = [one for one in found.rules if one not in reached]
    for one in reached:
        _tell_rule(one, found.dry_run)
    if others:
        say()
        say("Not reached by" if reached else "No rule reached this customer:")
    for one in others:
        say(f"  {one.rule.name}: {says_failed(one)}")


def _tell_customer(found: Explained) -> None:
    draft = ", a draft" if found.dry_run else ""
    say(f"{found.customer_id} on {found.as_of} (run {found.run_id}{draft})")
    if found.also:
        say(f"  the same person as {', '.join(found.also)}")
    say(f"  segment: {found.segment or 'none'}")
    for name, (value, because) in found.likelihoods.items():
        told = "none" if value is None else f"{value:.1%}"
        say(f"  {name}: {told}" + (f", because {because}" if because else ""))


def _tell_rule(found: RuleFound, dry_run: bool) -> None:
    """Print one rule: what became of it, each line, each channel."""
    from targeting.evidence.explained import says_outcome

    say()
    say(f"{found.rule.name}: {found.rule.title}")
    say(f"  {says_outcome(found, dry_run)}")
    for line in found.lines:
        say(f"    {_mark(line):<16}{_says_line(line)}")
    for one in found.channels:
        mark = "refused" if one.reason else "permitted"
        say(f"    {mark:<16}{one.channel}" + (f": {one.fact}" if one.fact else ""))


def _mark(line: LineFound) -> str:
    if line.step in ("exclude", "guardrail"):
        return "does not apply" if line.met else "KEEPS OUT"
    return "met" if line.met else "NOT MET"


def _says_line(line: LineFound) -> str:
    step = f"{line.step}: " if line.step in ("exclude", "guardrail") else ""
    said = line.line.endswith(f" is {line.told}")  # such as the segment that the line asks for
    return f"{step}{line.line}" + ("" if said else f" ({line.told})")
