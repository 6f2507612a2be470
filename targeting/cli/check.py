"""targeting check."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from targeting.cli.console import WRONG_INPUT, count_problems, note, say, say_json
from targeting.cli.options import (
    json_option,
    out_option,
    today,
    workspace_argument,
    workspace_of,
    workspace_option,
)
from targeting.problems import Problem, did_you_mean

FORMATS = ("text", "json", "github", "sarif")


@click.command("check")
@workspace_argument
@workspace_option
@out_option
@click.option("--strict", is_flag=True, help="Let warnings fail the check too.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text")
@click.option("--explain", "code", metavar="CODE", help="Say what a code means.")
@json_option
def command(
    folder: Path | None,
    option_folder: Path | None,
    out: Path | None,
    strict: bool,
    form: str,
    code: str | None,
    as_json: bool,
) -> None:
    """Check every file of the workspace: settings, rules, policy, templates, exports.

    Example: targeting check --strict
    """
    if code is not None:
        page = page_of(code)
        say_json({"code": code.upper(), "page": page}) if as_json else say(page)
        return
    from targeting.findings import everything

    workspace = workspace_of(folder, option_folder)
    problems = everything(workspace, out or workspace / "out", today())
    if as_json or form == "json":
        say_json([problem.as_dict() for problem in problems])
    elif form == "sarif":
        from targeting.sarif import sarif

        say_json(sarif(problems))
    elif form == "github":
        for problem in problems:
            say(annotation(problem))
    else:
        for problem in problems:
            say(f"{problem}\n")
    note(count_problems(problems))
    worst = {problem.severity for problem in problems}
    if "error" in worst or (strict and worst):
        sys.exit(WRONG_INPUT)


def page_of(code: str) -> str:
    """Give the page of a code, in upper or lower case."""
    from targeting.explain import codes, page

    found = page(code.upper())
    if found is None:
        raise click.UsageError(f"'{code}' is no code; {did_you_mean(code.upper(), codes())}")
    return found


def annotation(problem: Problem) -> str:
    """Write a problem as GitHub shows it beside the line."""
    place = problem.place
    file = _escaped(place.file).replace(":", "%3A").replace(",", "%2C")
    at = f"file={file},line={place.line},col={place.column},title={problem.code}"
    text = problem.message + (f" ({problem.help})" if problem.help else "")
    return f"::{problem.severity} {at}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
