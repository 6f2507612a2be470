"""targeting preview."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from targeting.cli.console import counted, note, say, say_json
from targeting.cli.options import json_option, out_option, workspace_of, workspace_option

if TYPE_CHECKING:
    import polars as pl

    from targeting.preview import Preview, Scored
    from targeting.rules.model import Rule
    from targeting.workspace.load import Workspace


@click.command("preview")
@click.argument("rule", required=False)
@click.option(
    "--messages", "wanted", type=click.IntRange(1, 1_000), metavar="N",
    help="Show N messages of RULE as their customers would get them.",
)  # fmt: skip
@workspace_option
@out_option
@json_option
def command(
    rule: str | None,
    wanted: int | None,
    option_folder: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Show whom a rule (or every rule) would take of the last run's customers, line by line.

    Example: targeting preview premium_early_access

    Example: targeting preview premium_early_access --messages 5
    """
    from targeting.plan import prepare
    from targeting.preview import last_scored, preview
    from targeting.problems import did_you_mean

    if wanted is not None and rule is None:
        raise click.UsageError("--messages needs a RULE")
    folder = workspace_of(None, option_folder)
    plan = prepare(folder)
    chosen = [one for one in plan.contact_rules if rule in (None, one.name)]
    if rule is not None and not chosen:
        names = [one.name for one in plan.contact_rules]
        raise click.UsageError(f"there is no contact rule '{rule}'; {did_you_mean(rule, names)}")
    scored = last_scored(out or folder / "out", plan.workspace)
    minor = 10**plan.workspace.settings.shop.minor_digits
    if wanted is not None:
        _tell_messages(_messages(scored, chosen[0], plan.workspace, wanted), as_json)
        return
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


def _messages(scored: Scored, rule: Rule, workspace: Workspace, wanted: int) -> pl.DataFrame:
    """Write the messages of a few: each variant, channel and segment once before any twice."""
    from targeting.campaigns.addressees import varied
    from targeting.exports.messages import Messages
    from targeting.exports.recipients import recipients, written_to
    from targeting.preview import meeting

    note(f"customers of run {scored.run} with an open channel; limits and holdouts come after this")
    shop = workspace.settings.shop
    met = meeting(scored, rule, 10**shop.minor_digits)
    (chosen,) = recipients(
        scored.folder, [(rule, met)], workspace.policy, lambda reached: varied(reached, wanted)
    )
    messages = Messages(
        workspace.folder,
        shop,
        scored.as_of,
        fields=workspace.customer_fields,
        policy=workspace.policy,
    )
    return written_to(chosen, messages)


def _tell_messages(found: pl.DataFrame, as_json: bool) -> None:
    """Print each message below its customer."""
    if as_json:
        say_json(found.to_dicts())
        return
    if found.is_empty():
        note("nobody meets the rule and may be written to")
    for one in found.iter_rows(named=True):
        parts = [one["channel"], one["segment"] or "no segment"]
        parts += [f"variant {one['variant']}"] if one["variant"] is not None else []
        if one["segments"] is not None:
            parts += [counted(one["segments"], "segment"), f"{one['units']} in {one['encoding']}"]
        say(f"{one['customer_id']}: {', '.join(parts)}")
        if one["subject"] is not None:
            say(f"  Subject: {one['subject']}")
        for line in one["text"].splitlines():
            say(f"  {line}" if line else "")
        say()
