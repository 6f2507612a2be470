"""targeting new."""

from __future__ import annotations

from pathlib import Path

import click

from targeting.cli.console import say, say_json
from targeting.cli.options import json_option, workspace_of, workspace_option
from targeting.workspace.words import CONTACT_KINDS, RULE_KINDS, RuleKind


@click.command("new")
@click.argument("kind", type=click.Choice(RULE_KINDS), metavar="KIND")
@click.argument("name")
@workspace_option
@json_option
def command(kind: RuleKind, name: str, option_folder: Path | None, as_json: bool) -> None:
    """Write rules/KIND/NAME.yaml, a first rule to change: real names, and examples that pass.

    KIND is marketing, retention or inventory. The schemas for the editor are written again too.

    Example: targeting new marketing early_access
    """
    from targeting.problems import Refused
    from targeting.workspace.load import load
    from targeting.workspace.new_rule import name_problem, write_rule
    from targeting.workspace.schema.write import needs, write_schemas

    home = workspace_of(None, option_folder)
    workspace, problems = load(home)
    wrong_policy = ("rules/policy.yaml",) if kind in CONTACT_KINDS else ()
    in_the_way = needs(problems, *wrong_policy)
    if workspace is None or in_the_way:
        raise Refused(problems if workspace is None else in_the_way)
    wrong = name_problem(workspace, name)
    if wrong is not None:
        raise click.UsageError(f"{wrong.message}; {wrong.help}")
    if kind in CONTACT_KINDS and not workspace.policy.channels:
        raise click.UsageError("rules/policy.yaml names no channel yet; name one there first")
    written = write_rule(workspace, kind, name)
    again, _ = load(home)
    write_schemas(again or workspace)
    if as_json:
        say_json({"rule": written.rule, "template": written.template})
        return
    say(f"a rule stands in {home / written.rule}")
    if written.template is not None:
        say(f"its words stand in {home / written.template}")
    where = "" if option_folder is None else f" -w {option_folder}"
    say(f"change it, then: targeting check{where} && targeting test{where}")
