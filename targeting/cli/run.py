"""targeting run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from targeting.cli.ahead import giving_back, keep_freed_memory
from targeting.cli.apart import writes_in
from targeting.cli.console import Progress, counted, note, say, say_json, show_few, show_problems
from targeting.cli.options import (
    accept_option,
    as_of_option,
    engine_of,
    engine_option,
    json_option,
    master_option,
    memory_option,
    out_option,
    source_option,
    today,
    workspace_argument,
    workspace_of,
    workspace_option,
)


@click.command("run")
@workspace_argument
@workspace_option
@as_of_option
@source_option
@out_option
@click.option("--dry-run", is_flag=True, help="Write drafts to RUN_ID-dry/ and commit nothing.")
@accept_option
@memory_option
@engine_option
@master_option
@json_option
def command(
    folder: Path | None,
    option_folder: Path | None,
    as_of: dt.date | None,
    files: dict[str, Path],
    out: Path | None,
    dry_run: bool,
    accepted: tuple[str, ...],
    memory: int | None,
    engine: str,
    master: str | None,
    as_json: bool,
) -> None:
    """Write tonight's contact lists, order suggestions and report.

    Example: targeting run --as-of 2026-11-24 --out /srv/targeting
    """
    keep_freed_memory(bounded=memory is not None)
    workspace = workspace_of(folder, option_folder)
    spark = engine_of(engine, master, memory)
    with Progress() as progress:
        progress.tell("checking the workspace")
        from targeting.findings import changes, last_run
        from targeting.night import Options
        from targeting.plan import prepare
        from targeting.run import run

        plan = prepare(workspace)
        options = Options(
            out=out or workspace / "out",
            today=today(),
            as_of=as_of,
            files=files,
            accepted=accepted,
            memory=memory,
            engine=spark,
            dry_run=dry_run,
            tell=giving_back(progress.tell, bounded=memory is not None),
            detail=progress.detail,
            timings=progress.timings,
        )
        writes_in(options.out)
        last = last_run(options.out)
        finished = run(plan, options)
    changed = () if last is None or finished.again else changes(plan, last, finished.folder)
    show_few(finished.warnings)
    show_problems(changed)
    if finished.again:
        note(f"this run was made before; its folder: {finished.folder}")
    if as_json:
        say_json({**finished.manifest, "folder": str(finished.folder)})
    else:
        _tell(finished.folder, finished.manifest)


def _tell(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Say in a few lines what was read, decided and written."""
    say(f"{manifest['shop']}, as of {manifest['as_of']}: {folder}")
    say()
    for source in manifest["inputs"]:
        rejected = manifest["rejected"][source["name"]]
        refused = sum(rejected.values())
        aside = manifest["set_aside"][source["name"]]
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(rejected.items()))
        line = f"  {source['name']:<13}{source['rows']:>10,} rows = {source['used']:,} used"
        line += f" + {refused:,} rejected" + (f" ({reasons})" if reasons else "")
        say(line + (f" + {aside:,} set aside" if aside else ""))
    if manifest["without_customer"]:
        lines = counted(manifest["without_customer"], "purchase")
        say(f"  {'':<13}{lines} without a customer: for the stock only")
    say()
    say(f"  {counted(manifest['customers'], 'customer')}, {counted(manifest['persons'], 'person')}")
    say()
    say(f"  {'rule':<32}{'eligible':>10}{'held out':>10}{'selected':>10}")
    for rule in manifest["rules"]:
        if rule["kind"] != "inventory":
            counts = "".join(f"{rule[key]:>10,}" for key in ("eligible", "held_out", "selected"))
            say(f"  {rule['name']:<32}{counts}")
    suggestions = manifest["suggestions"]
    say()
    say(f"  {suggestions['lines']:,} products and locations, {suggestions['ordered']:,} to order")
    say(f"  lists: {folder / 'contacts'}")
    say(f"  sheet: {folder / 'stock' / 'suggestions.xlsx'}")
    say(f"  report: {folder / 'report.html'}")
