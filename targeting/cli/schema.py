"""targeting schema."""

from __future__ import annotations

from pathlib import Path

import click

from targeting.cli.console import say, say_json
from targeting.cli.options import (
    json_option,
    workspace_argument,
    workspace_of,
    workspace_option,
)


@click.command("schema")
@workspace_argument
@workspace_option
@json_option
def command(folder: Path | None, option_folder: Path | None, as_json: bool) -> None:
    """Write .schema/: what an editor with a YAML language server completes and underlines.

    Write it again after a change of fields, segments, channels, templates or shared definitions.

    Example: targeting schema --json
    """
    from targeting.problems import Refused
    from targeting.workspace.load import load
    from targeting.workspace.schema.write import needing_a_first_line, needs, write_schemas

    home = workspace_of(folder, option_folder)
    workspace, problems = load(home)
    in_the_way = needs(problems)
    if workspace is None or in_the_way:
        raise Refused(problems if workspace is None else in_the_way)
    files = write_schemas(workspace)
    if as_json:
        say_json(files)
        return
    for file in files:
        say(f"  {home / file}")
    wanting = needing_a_first_line(workspace)
    if wanting:
        say()
        say("an editor needs these first lines:")
    for file, line in wanting.items():
        say(f"  {file}: {line}")
