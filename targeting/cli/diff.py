"""targeting diff."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from targeting.cli.console import note, say, say_json
from targeting.cli.options import json_option, out_option, workspace_of, workspace_option

if TYPE_CHECKING:
    from targeting.evidence.diff import Diff


@click.command("diff")
@click.argument("before", metavar="RUN")
@click.argument("after", metavar="RUN")
@click.option("--rule", metavar="RULE", help="Only this rule.")
@click.option(
    "--names", type=click.IntRange(min=0), metavar="N",
    help="Name so many customers of each list and change; 20 by default, all with --json.",
)  # fmt: skip
@workspace_option
@out_option
@json_option
def command(
    before: str,
    after: str,
    rule: str | None,
    names: int | None,
    option_folder: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Show who came to each list and segment and who left it, from one run to another, and why.

    Example: targeting diff 2026-11-23-0f3c9a11 2026-11-24-95b10f65
    """
    from targeting.evidence.diff import contact_rules, diff
    from targeting.evidence.find_run import find_run
    from targeting.evidence.read_run import open_run
    from targeting.problems import did_you_mean

    folder = out or workspace_of(None, option_folder) / "out"
    one, other = (open_run(find_run(folder, name)) for name in (before, after))
    known = contact_rules(one, other)
    if rule is not None and rule not in known:
        message = f"neither run had a contact rule '{rule}'; {did_you_mean(rule, known)}"
        raise click.UsageError(message)
    found = diff(one, other, rule)
    for text in found.notes:
        note(text)
    if as_json:
        say_json(found.as_dict(names))
    else:
        _tell(found, 20 if names is None else names)


def _tell(found: Diff, names: int) -> None:
    """Print the counts of all lists and segments, then the names."""
    from targeting.evidence.causes import CAUSES

    say(f"from {found.before.run_id} to {found.after.run_id}")
    say()
    heads = ("entered", "left", "stayed", *CAUSES)
    say(f"  {'list':<30}" + "".join(f"{head:>11}" for head in heads))
    for row in found.rules.iter_rows(named=True):
        say(f"  {row['rule']:<30}" + "".join(f"{row[head]:>11,}" for head in heads))
    if found.segments.height:
        say()
        say("  segments")
    for before, now, cause, count in found.segments.iter_rows():
        say(f"  {count:>10,}  {before or 'none'} -> {now or 'none'} ({cause})")
    _tell_lists(found, names)
    _tell_moved(found, names)


def _tell_lists(found: Diff, names: int) -> None:
    groups = found.customers.partition_by("rule", "change", maintain_order=True, as_dict=True)
    for (rule, change), rows in groups.items() if names else ():
        say()
        say(f"{rule}: {change} {rows.height:,}")
        for customer, cause, detail in (
            rows.head(names).select("customer_id", "cause", "detail").rows()
        ):
            say(f"  {customer}  {cause}: {detail}")
        _tell_more(rows.height - names)


def _tell_moved(found: Diff, names: int) -> None:
    if not names or not found.moved.height:
        return
    say()
    say(f"segments: {found.moved.height:,} moved")
    for customer, before, now, cause in found.moved.head(names).iter_rows():
        say(f"  {customer}  {before or 'none'} -> {now or 'none'} ({cause})")
    _tell_more(found.moved.height - names)


def _tell_more(left: int) -> None:
    if left > 0:
        say(f"  … and {left:,} more")
