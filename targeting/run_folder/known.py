"""What is known of a customer, in tonight's sources, the run folders and the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import polars as pl

from targeting.campaigns.identifiers import Identifiers
from targeting.customers.addresses import normalised_emails, normalised_phones
from targeting.frames import CUSTOMER
from targeting.ledger.erase import own_identifiers
from targeting.ledger.history import contacts_with
from targeting.ledger.table import Ledger
from targeting.run_folder.erase import CUSTOMERS
from targeting.run_folder.traces import Traces
from targeting.workspace.load import Workspace

KINDS: Final[tuple[Literal["email", "phone"], ...]] = ("email", "phone")


@dataclass(frozen=True)
class Known:
    """What is known of a customer before they are forgotten.

    Parameters:
        own: customer_id, email, phone, normalised, without those that another customer shares.
        traces: the same as files spell it.
        shared: how many addresses another customer has too.
        contacts: rows in the ledger, the undone and held out too.
    """

    own: pl.DataFrame
    traces: Traces
    shared: int
    contacts: int


def known_of(
    customer: str,
    customers: pl.DataFrame | None,
    workspace: Workspace,
    out: Path,
    ledger: Ledger | None,
) -> Known:
    """Find a customer's addresses in tonight's customers and in those of every run folder."""
    addresses = _addresses(customers, workspace, out)
    mine = pl.col(CUSTOMER) == customer
    by_kind = [
        addresses.filter(pl.col("kind") == kind).select(CUSTOMER, pl.col("normal").alias(kind))
        for kind in KINDS
    ]
    nobody = pl.DataFrame({CUSTOMER: [customer]})
    everybody = pl.concat([nobody, *by_kind], how="diagonal")
    own = own_identifiers(everybody, pl.Series(CUSTOMER, [customer])).unique().sort(pl.all())
    emails, phones = (frozenset(own[kind].drop_nulls()) for kind in KINDS)
    normal = pl.col("normal")
    typed = addresses.filter(mine, normal.is_in([*emails, *phones]))["typed"]
    distinct = addresses.filter(mine)["normal"].drop_nulls().n_unique()
    told = 0
    if ledger is not None:
        told = contacts_with(ledger, pl.Series(CUSTOMER, [customer])).height
    traces = Traces(customer, emails, phones, frozenset(typed))
    return Known(own, traces, distinct - len(emails) - len(phones), told)


def _addresses(customers: pl.DataFrame | None, workspace: Workspace, out: Path) -> pl.DataFrame:
    """Give every address that tonight or a run folder has: customer_id, kind, typed, normal."""
    region = workspace.settings.shop.region
    nothing = pl.DataFrame(schema=dict.fromkeys((CUSTOMER, "kind", "typed"), pl.String))
    found = nothing if customers is None else _spelled(customers, workspace)
    for path in sorted(out.glob(f"*/{CUSTOMERS}")):
        columns = Identifiers(pl.read_parquet(path, n_rows=0, glob=False), workspace.policy, region)
        wanted = [CUSTOMER, *columns.address_fields()]
        rows = _spelled(pl.read_parquet(path, columns=wanted, glob=False), workspace)
        found = pl.concat([found, rows]).unique()
    emails, phones = (found.filter(pl.col("kind") == kind) for kind in KINDS)
    normal_emails = normalised_emails(emails["typed"])
    normal_phones = normalised_phones(phones["typed"], region)
    return pl.concat(
        [emails.with_columns(normal=normal_emails), phones.with_columns(normal=normal_phones)]
    )


def _spelled(customers: pl.DataFrame, workspace: Workspace) -> pl.DataFrame:
    identifiers = Identifiers(customers, workspace.policy, workspace.settings.shop.region)
    parts = [
        customers.select(
            CUSTOMER, pl.lit(kind).alias("kind"), pl.col(field).cast(pl.String).alias("typed")
        ).drop_nulls("typed")
        for kind in KINDS
        for field in identifiers.of_kind(kind)
    ]
    empty = pl.DataFrame(schema=dict.fromkeys((CUSTOMER, "kind", "typed"), pl.String))
    return pl.concat([empty, *parts]).unique()
