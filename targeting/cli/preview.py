"""targeting preview."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from targeting.cli.console import note, say, say_json
from targeting.cli.options import json_option, out_option, workspace_of, workspace_option

if TYPE_CHECKING:
    from targeting.preview import Preview


@click.command("preview")
@click.argument("rule", required=False)
@workspace_option
@out_option
@json_option
def command(rule: str | None, option_folder: Path | None, out: Path | None, as_json: bool) -> None:
    """Show whom a rule (or every rule) would take of the last run's customers, line by line.

    Example: targeting preview premium_early_access
    """
    from targeting.plan import prepare
    from targeting.preview import last_scored, preview
    from targeting.problems import did_you_mean

    folder = workspace_of(None, option_folder)
    plan = prepare(folder)
    chosen = [one for one in plan.contact_rules if rule in (None, one.name)]
    if rule is not None and not chosen:
        names = [one.name for one in plan.contact_rules]
        raise click.UsageError(f"there is no contact rule '{rule}'; {did_you_mean(rule, names)}")
    scored = last_scored(out or folder / "out", plan.workspace)
    minor = 10**plan.workspace.settings.shop.minor_digits
    found = preview(scored, plan.contact_rules, chosen, minor)
    note(f"customers of run {scored.run}; consent, limits and holdouts come after this")
    if as_json:
        say_json([_as_dict(one) for one in found])
        return
    for one in found:
        _tell(one)


def _as_dict(found: Preview) -> dict[str, Any]:
    return {
        "rule": found.rule.name,
        "funnel": found.funnel.to_dicts(),
        "segments": found.segments.to_dicts(),
        "overlaps": found.overlaps.to_dicts(),
    }


def _tell(found: Preview) -> None:
    """Print one rule's funnel, its segments and its overlaps."""
    say(f"{found.rule.name}: {found.rule.title}")
    say(f"  {'left':>10}{'lost':>10}  {'of them, only for a missing value':<36}")
    for step, line, left, lost, missing in found.funnel.iter_rows():
        word = "" if step == "all" else "and " if step == "when" else f"{step} "
        say(f"  {left:>10,}{lost:>10,}{missing or '':>10}  {word}{line}")
    for segment, customers in found.segments.iter_rows():
        say(f"  {customers:>10,}  in {segment or 'no segment'}")
    for other, customers in found.overlaps.iter_rows():
        say(f"  {customers:>10,}  also match {other}")
    say()
