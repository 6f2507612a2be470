"""targeting sent."""

from __future__ import annotations

from pathlib import Path

import click

from targeting.cli.console import say, say_json
from targeting.cli.options import json_option, out_option, workspace_of, workspace_option


@click.command("sent")
@click.argument("run")
@workspace_option
@out_option
@json_option
def command(run: str, option_folder: Path | None, out: Path | None, as_json: bool) -> None:
    """Note that a run's lists were sent, so that it cannot be undone any more.

    Example: targeting sent 2026-11-24-3f1c9a02
    """
    from targeting.ledger.commit import mark_run, three_times
    from targeting.run_folder.ledger import shop_ledger
    from targeting.run_folder.settings import workspace_of_settings
    from targeting.run_folder.undo import no_such_run
    from targeting.run_folder.write import only_one

    folder = workspace_of(None, option_folder)
    out = out or folder / "out"
    workspace = workspace_of_settings(folder)
    with only_one(out, "a run is writing here; waiting for it"):
        ledger = shop_ledger(workspace, out)
        if ledger is None:
            raise no_such_run(out, run)
        three_times(lambda: mark_run(ledger, run, "sent"), ledger)
    if as_json:
        say_json({"run_id": run, "sent": True})
        return
    say(f"{run} is marked as sent; it cannot be undone any more")
