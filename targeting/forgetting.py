"""Forgetting a customer: in the ledger, in every file, and in every source that comes again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from targeting.campaigns.identifiers import Identifiers
from targeting.frames import CUSTOMER, REASON
from targeting.intake.accounts import Counts, Read
from targeting.intake.customers_aside import without_customers
from targeting.intake.filling import fill
from targeting.intake.source_rows import columns_of
from targeting.ledger.commit import three_times
from targeting.ledger.erase import forget, is_forgotten
from targeting.ledger.records import FORGOTTEN, RECORD
from targeting.ledger.table import Ledger, opened
from targeting.run_folder.erase import Erased, erase_files
from targeting.run_folder.known import KINDS, Known
from targeting.run_folder.traces import names_in
from targeting.workspace.columns import SourceName
from targeting.workspace.load import Workspace


@dataclass(frozen=True)
class Forgotten:
    """What was erased: rows of the ledger (reversing ones too), and files."""

    ledger_rows: int
    files: Erased


def forget_customer(
    customer: str, known: Known, workspace: Workspace, out: Path, ledger: Ledger
) -> Forgotten:
    """Erase a customer: first in the ledger, which lets nobody bring them back, then in the files.

    The caller holds `only_one`. After a crash, do it again.

    Raises:
        Refused: L109 where others changed the ledger each time.
    """
    gone = pl.Series(CUSTOMER, [customer])
    rows = three_times(lambda: forget(ledger, gone, known.own), ledger)
    region = workspace.settings.shop.region
    beside = () if ledger.folder is None else (ledger.folder,)
    key = workspace.policy.key
    return Forgotten(rows, erase_files(out, known.traces, key=key, region=region, beside=beside))


def without_forgotten(read: Read, workspace: Workspace, ledger: Ledger | None) -> tuple[Read, int]:
    """Drop what the sources say of people who were forgotten; give their number of customers.

    Rows of customers go by id, e-mail and phone, responses with them; their purchases lose the id
    and count for stock only. Missing numbers are filled anew, from those who stay. Suppressions
    stay: nothing of them is written anywhere, and one that is shared keeps others out. Nothing goes
    to rejects.csv, and what stands there of these people goes. The counts of a source are of the
    rows that are left.
    """
    if ledger is None or not _anybody(ledger):
        return read, 0
    region = workspace.settings.shop.region
    unfilled = dict(read.unfilled)
    ids = _forgotten_ids(read, workspace, ledger)
    is_theirs = pl.col(CUSTOMER).is_in(ids.implode())
    for source in ("customers", "responses"):
        if source in unfilled:
            unfilled[source] = unfilled[source].filter(
                ~_theirs(source, unfilled[source], ids, workspace, ledger)
            )
    if read.spilled is not None:
        read = replace(read, spilled=read.spilled.without(ids))
    if CUSTOMER in unfilled.get("purchases", pl.DataFrame()).columns:
        kept = pl.when(~is_theirs).then(CUSTOMER).alias(CUSTOMER)
        unfilled["purchases"] = unfilled["purchases"].with_columns(kept)
    rejects = _without_rejects(read.rejects, ids, region, ledger)
    read = _counted_again(read, workspace, unfilled, rejects)
    if read.listed is not None:
        read = _listed_again(read, workspace, ids)
    return read, ids.len()


def _anybody(ledger: Ledger) -> bool:
    return any(part[RECORD] == FORGOTTEN for part in opened(ledger).partitions())


def _forgotten_ids(read: Read, workspace: Workspace, ledger: Ledger) -> pl.Series:
    """Give the ids of the forgotten that stand in tonight's customers and purchases."""
    seen = [
        read.unfilled[source].select(CUSTOMER).drop_nulls()
        for source in ("purchases", "responses")
        if source in read.unfilled and CUSTOMER in read.unfilled[source].columns
    ]
    if read.spilled is not None:
        seen.append(read.spilled.customers().to_frame())
    by_address = []
    for customers in _pieces(read):
        seen.append(customers.select(CUSTOMER))
        theirs = _by_address(customers, workspace, ledger)
        by_address.append(customers.filter(theirs).select(CUSTOMER))
    if not seen:
        return pl.Series(CUSTOMER, [], dtype=pl.String)
    distinct = pl.concat(seen).unique()
    found = [distinct.filter(is_forgotten(ledger, distinct)), *by_address]
    return pl.concat(found)[CUSTOMER].unique().sort()


def _pieces(read: Read) -> Iterator[pl.DataFrame]:
    """Give the customers as they came, so many at a time as are in memory anyhow."""
    if read.listed_unfilled is not None:
        yield from (piece.collect() for piece in read.listed_unfilled.pieces())
    elif "customers" in read.unfilled:
        yield read.unfilled["customers"]


def _theirs(
    source: SourceName,
    frame: pl.DataFrame,
    ids: pl.Series,
    workspace: Workspace,
    ledger: Ledger,
) -> pl.Series:
    gone = pl.Series("gone", [False]).new_from_index(0, frame.height)
    if CUSTOMER in frame.columns:
        gone |= frame[CUSTOMER].is_in(ids.implode()).fill_null(value=False)
    if source == "responses" and "email" in frame.columns:
        gone |= _by_address(frame, workspace, ledger)
    return gone


def _by_address(frame: pl.DataFrame, workspace: Workspace, ledger: Ledger) -> pl.Series:
    """Say which rows have an e-mail or phone that was kept to know somebody again."""
    gone = pl.Series("gone", [False]).new_from_index(0, frame.height)
    identifiers = Identifiers(frame, workspace.policy, workspace.settings.shop.region)
    for kind in KINDS:
        for field in identifiers.of_kind(kind):
            gone |= is_forgotten(ledger, pl.DataFrame({kind: identifiers.normal(field)}))
    return gone


def _without_rejects(
    rejects: pl.DataFrame, ids: pl.Series, region: str, ledger: Ledger
) -> pl.DataFrame:
    if rejects.is_empty():
        return rejects
    named = names_in(rejects, region)
    known = named[CUSTOMER].is_in(ids.implode()).fill_null(value=False)
    at = named.filter(known | is_forgotten(ledger, named))["at"]
    places = pl.int_range(rejects.height, dtype=pl.UInt32, eager=True)
    return rejects.filter(~places.is_in(at.implode()))


def _counted_again(
    read: Read,
    workspace: Workspace,
    unfilled: Mapping[SourceName, pl.DataFrame],
    rejects: pl.DataFrame,
) -> Read:
    frames = {**read.frames}
    counts = {**read.sources}
    for source, before in unfilled.items():
        kept, filled = before, dict(counts[source].filled)
        if source == "customers":
            kept, filled = fill(before, columns_of(workspace.settings, source, before.columns))
        elif source == "products":
            kept = read.frames[source]
        frames[source] = kept
        refused = rejects.filter(pl.col("source") == source)
        counts[source] = _count(counts[source], kept.height, refused, filled)
    purchases = frames.get("purchases")
    nameless = read.without_customer
    if purchases is not None and CUSTOMER in purchases.columns:
        nameless = purchases[CUSTOMER].null_count()
    if read.spilled is not None:
        nameless = read.spilled.nameless()
    return replace(
        read,
        frames=frames,
        unfilled=unfilled,
        rejects=rejects,
        sources=counts,
        without_customer=nameless,
    )


def _listed_again(read: Read, workspace: Workspace, gone: pl.Series) -> Read:
    """Leave the forgotten out of the customers that wait on disk, and count those anew."""
    assert read.listed_unfilled is not None
    columns = columns_of(workspace.settings, "customers", read.listed_unfilled.schema.names())
    read, stay, filled = without_customers(read, gone, columns)
    refused = read.rejects.filter(pl.col("source") == "customers")
    counts = _count(read.sources["customers"], stay, refused, filled)
    return replace(read, sources={**read.sources, "customers": counts})


def _count(before: Counts, used: int, refused: pl.DataFrame, filled: Mapping[str, int]) -> Counts:
    by_reason = dict(refused.group_by(REASON).agg(pl.len()).sort(REASON).iter_rows())
    rows = used + refused.height + before.set_aside
    return replace(before, rows=rows, used=used, rejected=by_reason, filled=filled)
