"""targeting test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from targeting.cli.console import WRONG_INPUT, note, say, say_json
from targeting.cli.options import (
    json_option,
    workspace_argument,
    workspace_of,
    workspace_option,
)

if TYPE_CHECKING:
    from targeting.plan import Plan
    from targeting.proof import Tried


@click.command("test")
@workspace_argument
@workspace_option
@click.option(
    "--suggest", "rule", metavar="RULE", help="Write the boundary cases that a rule lacks."
)
@click.option("--coverage", is_flag=True, help="Say which lines no example decides both ways.")
@json_option
def command(
    folder: Path | None,
    option_folder: Path | None,
    rule: str | None,
    coverage: bool,
    as_json: bool,
) -> None:
    """Try the examples in every rule, and the whole-set tests of rules/tests/.

    Example: targeting test --coverage
    """
    from targeting.plan import prepare
    from targeting.proof import AS_OF, prove

    plan = prepare(workspace_of(folder, option_folder))
    if rule is not None:
        _suggest(plan, rule, as_json=as_json)
        return
    tried = prove(plan)
    if as_json:
        say_json(tried.as_dict(coverage=coverage))
    else:
        for problem in tried.problems:
            say(f"{problem}\n")
        if coverage:
            _tell_coverage(tried)
    failed = len(tried.problems)
    note(
        f"{tried.examples} examples in {tried.rules} rules and {tried.whole_sets} whole-set tests; "
        f"{failed} failed; as of {AS_OF} where they name no day"
    )
    if failed:
        sys.exit(WRONG_INPUT)


def _suggest(plan: Plan, name: str, *, as_json: bool) -> None:
    from targeting.problems import did_you_mean
    from targeting.proof import AS_OF
    from targeting.rules.suggest_examples import suggest

    found = next((one for one in plan.rules if one.name == name), None)
    if found is None:
        known = [one.name for one in plan.rules]
        raise click.UsageError(f"there is no rule '{name}'; {did_you_mean(name, known)}")
    lines = suggest(found, AS_OF, 10**plan.workspace.settings.shop.minor_digits)
    if as_json:
        say_json(lines)
        return
    for line in lines:
        say(line)
    note(f"{len(lines)} boundary cases that {name} lacks; look at each before you keep it")


def _tell_coverage(tried: Tried) -> None:
    for rule, lines in tried.undecided.items():
        for line in lines:
            say(f"{rule}: no two examples differ in: {line}")
