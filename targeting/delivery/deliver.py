"""The last step of a run: what its folder has for databases is delivered, each list once.

The database says itself what it has: a list's rows and its row in `targeting_delivered` come
in one transaction, and a list whose row is there is not delivered again. The ledger's mark only
spares asking.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import polars as pl

from targeting.delivery.rows import FOLDER, Shipment, shipments
from targeting.intake.database_errors import Asked, Unreachable
from targeting.ledger.commit import mark_run, three_times
from targeting.ledger.records import RUN_ID
from targeting.ledger.runs import DELIVERED, known_runs, live_runs
from targeting.ledger.table import Ledger
from targeting.problems import Refused, refuse
from targeting.workspace.databases import DeliverForm
from targeting.workspace.load import Workspace

Tables = Mapping[str, DeliverForm]  # by destination


class _OnlyTried(Exception):
    """A rehearsal went well; nothing of it stays."""


def rehearse(workspace: Workspace, tables: Tables, folder: Path, run_id: str) -> None:
    """Try a run's deliveries before it is committed, and take them back.

    A database that is not there is no reason against the run: it gets its lists later.

    Raises:
        Refused: I050, I051, X105, X106: what the user must mend first.
    """
    for shipment in _shipments(tables, folder, run_id):
        with (
            contextlib.suppress(Unreachable, _OnlyTried),
            _filled(workspace, tables, shipment),
        ):
            raise _OnlyTried


def deliver_due(workspace: Workspace, tables: Tables, out: Path, ledger: Ledger | None) -> None:
    """Deliver what committed runs have not delivered yet, tonight's among them; mark the runs.

    The caller holds `only_one`. Each destination is tried, whatever becomes of the others.

    Raises:
        Refused, Unreachable: the first failure, after all were tried.
    """
    failures: list[Refused | Unreachable] = []
    for run_id in _due(out, known_runs(ledger)):
        found = _shipments(tables, out / run_id, run_id)
        failed = [error for each in found if (error := _delivered(workspace, tables, each))]
        failures += failed
        if found and not failed and ledger is not None:
            _mark(ledger, run_id)
    if failures:
        raise failures[0]


def refuse_delivered(workspace: Workspace, tables: Tables, out: Path, run_id: str) -> None:
    """Refuse to undo a run of which a database has a list, although the ledger may not know it.

    Raises:
        Refused: L108.
        Unreachable: where nobody can tell.
    """
    for shipment in _shipments(tables, out / run_id, run_id):
        asked = _asked(workspace, tables, shipment)
        if _driver(asked).has(asked, shipment):
            message = f"run '{run_id}' was delivered to {asked.address.shown}"
            help_ = "people may have been written to; nothing can undo that"
            raise refuse("L108", message, asked.place, help_)


def _due(out: Path, runs: pl.DataFrame) -> list[str]:
    names = live_runs(runs).filter(~pl.col(DELIVERED))[RUN_ID].to_list()
    return [name for name in names if (out / name / FOLDER).is_dir()]


def _delivered(
    workspace: Workspace, tables: Tables, shipment: Shipment
) -> Refused | Unreachable | None:
    try:
        with _filled(workspace, tables, shipment):
            return None
    except (Refused, Unreachable) as error:
        return error


def _mark(ledger: Ledger, run_id: str) -> None:
    three_times(lambda: mark_run(ledger, run_id, "delivered"), ledger)


def _shipments(tables: Tables, folder: Path, run_id: str) -> list[Shipment]:
    return shipments(folder, run_id, {name: form.table for name, form in tables.items()})


@contextlib.contextmanager
def _filled(workspace: Workspace, tables: Tables, shipment: Shipment) -> Iterator[None]:
    asked = _asked(workspace, tables, shipment)
    with _driver(asked).filled(asked, shipment):
        yield


def _asked(workspace: Workspace, tables: Tables, shipment: Shipment) -> Asked:
    name = shipment.destination
    file = f"exports/{name}.yaml"
    place = workspace.place(file, "deliver", "to")
    content = workspace.place(file, "deliver", "table")
    address = tables[name].address(workspace.folder)
    return Asked(address, f"run {shipment.run_id}, destination {name}", place, content, "X106")


def _driver(asked: Asked) -> ModuleType:
    if asked.address.is_sqlite:
        from targeting.delivery import sqlite

        return sqlite
    from targeting.delivery import postgresql

    return postgresql
