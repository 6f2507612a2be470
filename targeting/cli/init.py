"""targeting init."""

from __future__ import annotations

from pathlib import Path

import click

from targeting.cli.console import say


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--without-data", is_flag=True, help="Leave the synthetic sample shop out.")
def command(folder: Path, without_data: bool) -> None:
    """Make a workspace in DIR: settings, rules, templates, exports and a synthetic sample shop.

    Example: targeting init my_shop
    """
    from targeting.sample import write_sample
    from targeting.workspace.starter import copy_starter

    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} is not empty; name a new folder")
    copy_starter(folder)
    if not without_data:
        write_sample(folder / "data")
    say(f"a workspace stands in {folder}; now: cd {folder} && targeting run")
