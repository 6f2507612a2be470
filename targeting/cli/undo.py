"""targeting undo."""

from __future__ import annotations

from pathlib import Path

import click

from targeting.cli.console import say, say_json
from targeting.cli.options import json_option, out_option, workspace_of, workspace_option


@click.command("undo")
@click.argument("run")
@workspace_option
@out_option
@json_option
def command(run: str, option_folder: Path | None, out: Path | None, as_json: bool) -> None:
    """Take a run back while nothing has left the house: its contacts count no more.

    Example: targeting undo 2026-11-24-3f1c9a02
    """
    from targeting.delivery.deliver import refuse_delivered
    from targeting.ledger.commit import three_times
    from targeting.run_folder.ledger import shop_ledger
    from targeting.run_folder.settings import workspace_of_settings
    from targeting.run_folder.undo import SUFFIX, no_such_run, undo
    from targeting.run_folder.write import only_one

    folder = workspace_of(None, option_folder)
    out = out or folder / "out"
    workspace = workspace_of_settings(folder)
    with only_one(out, "a run is writing here; waiting for it"):
        ledger = shop_ledger(workspace, out)
        if ledger is None:
            raise no_such_run(out, run)
        refuse_delivered(workspace, workspace.deliveries, out, run)
        newest = three_times(lambda: undo(ledger, out, run), ledger)
    kept = out / f"{run}{SUFFIX}"
    if as_json:
        latest = None if newest is None else newest.name
        say_json({"run_id": run, "undone": True, "folder": str(kept), "latest": latest})
        return
    say(f"{run} is undone: its contacts count no more, and the same run may be made again")
    if kept.is_dir():
        say(f"its folder is kept as {kept}; send none of its lists")
    say(f"the newest run that counts is {newest.name if newest else 'none'}")
