"""targeting init."""

from __future__ import annotations

import contextlib
import shlex
import shutil
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
    made = not folder.exists()
    try:
        copy_starter(folder)
        if not without_data:
            write_sample(folder / "data")
    except BaseException:
        _clear(folder, itself=made)
        raise
    go = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    then = "say in targeting.yaml where your data is" if without_data else f"{go}targeting run"
    say(f"a workspace stands in {folder}; now: {then}")


def _clear(folder: Path, *, itself: bool) -> None:
    """Leave the folder as it was before: empty, or not there."""
    for path in folder.glob("*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    if itself:
        with contextlib.suppress(OSError):
            folder.rmdir()
