"""targeting forget."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from targeting.cli.console import Progress, counted, note, say, say_json
from targeting.cli.options import (
    json_option,
    out_option,
    source_option,
    today,
    workspace_of,
    workspace_option,
)

if TYPE_CHECKING:
    import polars as pl

    from targeting.forgetting import Forgotten
    from targeting.run_folder.known import Known
    from targeting.workspace.load import Workspace

BEYOND_REACH = (
    "the sources themselves: remove the customer there, too",
    "backups and copies of this folder",
    "lists that were sent, and what destinations made of them",
)


@click.command("forget")
@click.argument("customer")
@click.option("--yes", is_flag=True, help="Do not ask; a machine has to say it.")
@workspace_option
@source_option
@out_option
@json_option
def command(
    customer: str,
    yes: bool,
    option_folder: Path | None,
    files: dict[str, Path],
    out: Path | None,
    as_json: bool,
) -> None:
    """Erase a customer from the ledger and every run's files, and let no source bring them back.

    Kept are keyed hashes of the id, e-mail and phone, so that they are known when they come again.

    Example: targeting forget c-1042
    """
    if not yes and (as_json or not sys.stdin.isatty()):
        raise click.UsageError("nothing was erased: nobody can be asked here, so say --yes")
    from targeting.forgetting import forget_customer
    from targeting.run_folder.known import known_of
    from targeting.run_folder.ledger import new_ledger, shop_ledger
    from targeting.run_folder.settings import workspace_of_settings
    from targeting.run_folder.write import only_one

    folder = workspace_of(None, option_folder)
    out = out or folder / "out"
    workspace = workspace_of_settings(folder)
    with Progress() as progress:
        progress.tell("reading customers")
        customers = _customers(workspace, files, today())
    with only_one(out, "a run is writing here; waiting for it"):
        ledger = shop_ledger(workspace, out) or new_ledger(workspace, out)
        known = known_of(customer, customers, workspace, out, ledger)
        for line in _about(customer, known):
            note(line)
        if not yes:
            click.confirm("Erase all of it? It cannot be undone.", abort=True, err=True)
        with Progress() as progress:
            progress.tell("erasing")
            done = forget_customer(customer, known, workspace, out, ledger)
    if as_json:
        say_json(_as_dict(customer, done))
        return
    for line in _told(customer, done):
        say(line)


def _customers(
    workspace: Workspace, files: Mapping[str, Path], day: dt.date
) -> pl.DataFrame | None:
    """Read the customers as the next run would, and no other source."""
    from targeting.intake.read import read_sources

    sources = workspace.settings.sources
    if "customers" not in sources:
        return None
    settings = workspace.settings.model_copy(
        update={"sources": {"customers": sources["customers"]}}
    )
    own = {name: path for name, path in files.items() if name == "customers"}
    read = read_sources(replace(workspace, settings=settings), files=own, as_of=day, today=day)
    return read.unfilled["customers"]


def _about(customer: str, known: Known) -> Iterator[str]:
    """Say what will be erased, and what is kept because it is somebody else's too."""
    emails, phones = len(known.traces.emails), len(known.traces.phones)
    yield (
        f"{customer}: {counted(emails, 'e-mail')}, {counted(phones, 'phone')}, "
        f"{counted(known.contacts, 'contact')} in the ledger"
    )
    if known.shared:
        yield f"{known.shared} of the addresses are another customer's too: they stay"
    if not (emails or phones or known.contacts):
        yield f"nothing is known of '{customer}' but perhaps purchases: is the id right?"


def _as_dict(customer: str, done: Forgotten) -> dict[str, Any]:
    return {
        "customer_id": customer,
        "ledger_rows": done.ledger_rows,
        "files": [{"path": name, "rows": rows} for name, rows in done.files.rows.items()],
        "still_named_in": list(done.files.named),
        "unread": list(done.files.unread),
        "beyond_reach": list(BEYOND_REACH),
    }


def _told(customer: str, done: Forgotten) -> Iterator[str]:
    files = done.files
    yield f"'{customer}' is forgotten"
    yield f"  {done.ledger_rows:>8,}  rows of the ledger"
    for name, rows in files.rows.items():
        yield f"  {rows:>8,}  rows of {name}"
    for name in files.named:
        copied = "/inputs/" in name
        why = "a copy of what you wrote; change both" if copied else "look into it; it was changed"
        yield f"  still named in {name}: {why}"
    for name in files.unread:
        yield f"  cannot be read, so look into it: {name}"
    yield "what this program cannot reach:"
    for what in BEYOND_REACH:
        yield f"  {what}"
