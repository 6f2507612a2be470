"""A shop that delivers: a ledger, committed runs, and a database of either kind."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from targeting.delivery.deliver import deliver_due, refuse_delivered, rehearse
from targeting.delivery.rows import write_deliveries
from targeting.ledger.runs import known_runs
from targeting.ledger.table import Ledger
from targeting.workspace.catalogue import Field
from targeting.workspace.databases import DeliverForm
from targeting.workspace.destinations import Destination
from targeting.workspace.load import Workspace, load
from targeting.workspace.settings import Shop
from tests.delivery.server import Server, running
from tests.ledger.kit import email, new_ledger, night

DAY = dt.date(2026, 11, 24)
SHOP = Shop(currency="PKR", region="PK", locale="en_PK")
FIELDS = {"spent": Field("spent", "money", "purchases")}
COLUMNS = ("customer_id", "first_name", "spent", "born")


def contacts(count: int = 3, **more: object) -> pl.DataFrame:
    """Make contacts C0, C1, ...; every third has no segment."""
    at = pl.int_range(count, eager=True)
    frame = pl.DataFrame({"customer_id": "C" + at.cast(pl.String)}).with_columns(
        first_name=pl.lit("Ayesha 🌙"),
        spent=at.cast(pl.Float64) + 0.1,
        born=pl.lit(dt.date(1990, 2, 28)),
        rule=pl.lit("win_back"),
        kind=pl.lit("retention"),
        segment=pl.when(at % 3 == 2).then(None).otherwise(pl.lit("Lapsing loyalists")),
        channel=pl.lit("email"),
    )
    frame = frame.with_columns(pl.lit(value).alias(name) for name, value in more.items())
    return frame.sort("rule", "segment", "customer_id", nulls_last=True)


def destination(*columns: str, **more: object) -> Destination:
    headers = [{name: {"field": name}} for name in columns or COLUMNS]
    return Destination.model_validate({"read_by": "machine", "columns": headers, **more})


class Delivering:
    """A workspace with one destination, `crm`, that goes to a table."""

    def __init__(self, folder: Path, url: str, table: str = "contacts_out") -> None:
        self.folder, self.out, self.url, self.table = folder, folder / "out", url, table
        (folder / "exports").mkdir(parents=True)
        (folder / "targeting.yaml").write_text("sources: {customers: {file: customers.csv}}\n")
        (folder / "exports" / "crm.yaml").write_text("columns:\n  - id: {field: customer_id}\n")
        self.ledger: Ledger = new_ledger(folder)

    @property
    def workspace(self) -> Workspace:
        workspace, _ = load(self.folder)
        assert workspace is not None
        return workspace

    @property
    def tables(self) -> dict[str, DeliverForm]:
        return {"crm": DeliverForm(to=self.url, table=self.table)}

    def made(self, run_id: str, rows: pl.DataFrame, form: Destination | None = None) -> Path:
        """Write a run's folder and commit it; nothing is delivered yet."""
        night(self.ledger, run_id, DAY, email("C0"))
        return self.written(run_id, rows, form)

    def written(self, run_id: str, rows: pl.DataFrame, form: Destination | None = None) -> Path:
        folder = self.out / run_id
        folder.mkdir(parents=True)
        write_deliveries(folder, rows, {"crm": form or destination()}, shop=SHOP, texts=FIELDS)
        return folder

    def deliver(self) -> None:
        deliver_due(self.workspace, self.tables, self.out, self.ledger)

    def rehearse(self, folder: Path) -> None:
        rehearse(self.workspace, self.tables, folder, folder.name)

    def refuse_undo(self, run_id: str) -> None:
        refuse_delivered(self.workspace, self.tables, self.out, run_id)

    def marked(self, run_id: str) -> bool:
        runs = known_runs(self.ledger).filter(pl.col("run_id") == run_id)
        return bool(runs["delivered"].item())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        raise NotImplementedError


class ToSqlite(Delivering):
    def rows(self, query: str) -> list[tuple[Any, ...]]:
        path = self.folder / self.url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            return connection.execute(query).fetchall()


class ToPostgres(Delivering):
    server: Server

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.server.rows(query)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as found:
        yield found


@pytest.fixture
def postgres(server: Server, tmp_path: Path) -> ToPostgres:
    server.rows("DROP SCHEMA public CASCADE")
    server.rows("CREATE SCHEMA public")
    shop = ToPostgres(tmp_path / "shop", server.url())
    shop.server = server
    return shop


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Delivering:
    if request.param == "sqlite":
        return ToSqlite(tmp_path / "shop", "sqlite:///crm.db")
    found: ToPostgres = request.getfixturevalue("postgres")
    return found
