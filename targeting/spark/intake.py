"""Purchases read by Spark: each partition of the file is judged by the kernel of the local run."""

from __future__ import annotations

import datetime as dt
import pickle
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from targeting.frames import REASON, ROW
from targeting.intake.accounts import Counts
from targeting.intake.as_of import BOUGHT, decide_as_of, reject_after
from targeting.intake.clean import NOT_FINITE
from targeting.intake.columnar import refuse_nested
from targeting.intake.found import Found
from targeting.intake.in_pieces import ReadInPieces
from targeting.intake.opened import Cells
from targeting.intake.rejects import EMPTIED, nothing_refused
from targeting.intake.row_digest import row_sums
from targeting.intake.source_rows import (
    SourceRows,
    columns_of,
    flag_counts,
    reject_more,
    sort_rows,
)
from targeting.intake.sources import file_kind, sha256
from targeting.intake.spilled import Kernel, added_up, tables_of
from targeting.intake.undeclared import together
from targeting.problems import Problem, Refused
from targeting.spark.catalogue import catalogued
from targeting.spark.files import Take, by_place, cells_of_spark, stretched, table_of_parquet
from targeting.spark.master import Session, Work
from targeting.spark.pieces import BUCKET, DATA, ORDER, SCHEMA, TOLD, Piece, batch, cut
from targeting.spark.purchases import SparkPurchases
from targeting.spark.words import said

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame


_PIECES = 1 << 20  # no partition is read in as many: a piece's order tells its partition too


@dataclass(frozen=True)
class Told:
    """What of one piece goes to the driver: counts, refused rows and the newest days, no lines."""

    order: int
    rows: SourceRows  # without the kept
    emptied: Counter[str]
    not_finite: Counter[str]
    used: int
    days: pl.DataFrame
    dates: dict[str, pl.DataFrame]  # of each other column that knows no future: day, rows
    tables: list[pl.DataFrame]  # what is asked of all purchases, of these
    digest: pl.DataFrame | None = None  # of rows that are in no file


@dataclass(frozen=True)
class Failed:
    """A partition whose rows cannot be read as what they should be."""

    problems: tuple[Problem, ...]


def can_read(found: Found) -> bool:
    """Say whether executors read a source as the local run does, each a part of it.

    Parquet and Delta can be, CSV in UTF-8, and what Spark knows by name; not where a `key` compares
    all rows with each other.
    """
    origin = found.origin
    if origin.form.key is not None:
        return False
    if origin.database is not None:
        return origin.database.is_spark
    return found.opened.stretches is not None or file_kind(origin) == "parquet"


def read_on_spark(
    session: Session,
    found: Found,
    sums: tuple[Kernel, ...],
    *,
    given: dt.date | None,
    today: dt.date,
) -> ReadInPieces:
    """Read, judge and part purchases on the executors.

    Raises:
        Refused: as `read_sources` does.
        SparkLost: where Spark gives up.
    """
    origin, session = found.origin, session.for_lines(found.opened.rows())
    newest_decides = given is None and origin.workspace.settings.as_of == "newest_purchase"
    known = None
    if not newest_decides:
        known, _ = decide_as_of(origin.workspace, None, given=given, today=today)
    with said():
        table, take = _parts(session, found)
        taken = session.map(table, _judging(session, found, take, sums, known), SCHEMA).persist()
        answers = taken.filter(f"{BUCKET} = {TOLD}").select(ORDER, DATA).toArrow().to_pylist()
    answers.sort(key=lambda row: row[ORDER])
    told = [pickle.loads(row[DATA]) for row in answers]  # noqa: S301  # our own workers wrote it
    failed = [problem for each in told if isinstance(each, Failed) for problem in each.problems]
    if failed:
        raise Refused(failed)
    if not told:
        columns = columns_of(origin.workspace.settings, origin.source, list(found.positions))
        cells = found.opened.cells(found.positions)  # no row, and yet columns of some type
        digest = row_sums(cells.frame) if origin.database is not None else None
        told = [replace(_told(0, sort_rows(origin, cells, columns), sums), digest=digest)]
    return _added_up(session, found, taken, told, sums, given=given, today=today)


def _parts(session: Session, found: Found) -> tuple[DataFrame, Take]:
    """Give a table of Spark's, and what makes cells of one of its partitions."""
    if found.origin.database is not None:
        return catalogued(session, found.origin, found.positions), cells_of_spark()
    if found.opened.stretches is not None:
        return stretched(session, found.opened.stretches, found.positions)
    if found.opened.part is not None:
        return by_place(session, found.opened.part, found.positions, found.opened.rows())
    return table_of_parquet(session, found)


def _judging(
    session: Session,
    found: Found,
    take: Take,
    sums: tuple[Kernel, ...],
    as_of: dt.date | None,
) -> Work:
    """Make the task that keeps, sets aside or refuses every row of a partition, and says so."""
    origin, buckets = found.origin, session.buckets
    columns = columns_of(origin.workspace.settings, origin.source, list(found.positions))
    no_file = origin.database is not None

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        first = TaskContext.get().partitionId() * _PIECES
        try:
            for order, cells in enumerate(take(batches), start=first):
                for piece in judged(order, cells):
                    yield batch([piece])
        except Refused as refused:
            yield batch([(TOLD, first, pickle.dumps(Failed(tuple(refused.problems))))])

    def judged(order: int, cells: Cells) -> Iterator[Piece]:
        refuse_nested(origin, cells.frame)
        rows = sort_rows(origin, cells, columns)
        if as_of is not None:
            parted = reject_after(rows.kept, as_of)
            rows = reject_more(origin.source, rows, parted.kept, parted.refused)
        digest = row_sums(cells.frame) if no_file else None
        yield TOLD, order, pickle.dumps(replace(_told(order, rows, sums), digest=digest))
        yield from cut(_lines(rows), buckets, order)

    return work


def _lines(rows: SourceRows) -> pl.DataFrame:
    return rows.kept.select(wanted.name for wanted in rows.columns)


def _told(order: int, rows: SourceRows, sums: tuple[Kernel, ...]) -> Told:
    dates = [w.name for w in rows.columns if w.type == "date" and not w.may_be_future]
    return Told(
        order,
        replace(rows, kept=_lines(rows).clear()),
        Counter(flag_counts(rows.kept, EMPTIED)),
        Counter(flag_counts(rows.kept, NOT_FINITE)),
        rows.kept.height,
        rows.kept.select(BOUGHT).unique().top_k(2, by=BOUGHT),
        {
            name: rows.kept.group_by(pl.col(name).alias("day")).len("rows").drop_nulls()
            for name in dates
            if name != BOUGHT
        },
        tables_of(sums, _lines(rows)),
    )


def _added_up(
    session: Session,
    found: Found,
    taken: DataFrame,
    told: list[Told],
    sums: tuple[Kernel, ...],
    *,
    given: dt.date | None,
    today: dt.date,
) -> ReadInPieces:
    origin = found.origin
    rejects = pl.concat([nothing_refused(), *_numbered(told)])
    rejected = dict(rejects.group_by(REASON).agg(pl.len()).sort(REASON).iter_rows())
    days = pl.concat([pl.DataFrame(schema={BOUGHT: pl.Date}), *(each.days for each in told)])
    day, odd = decide_as_of(origin.workspace, days, given=given, today=today, refused=rejected)
    emptied, not_finite, future = Counter[str](), Counter[str](), Counter[str]()
    for each in told:
        emptied.update(each.emptied)
        not_finite.update(each.not_finite)
        for name, seen in each.dates.items():
            if later := int(seen.filter(pl.col("day") > day)["rows"].sum()):
                future[name] += later
    last = told[-1].rows
    counts = Counts(
        file=origin.name,
        rows=sum(each.rows.rows for each in told),
        used=sum(each.used for each in told),
        rejected=rejected,
        set_aside=sum(each.rows.set_aside for each in told),
        emptied=dict(emptied),
        filled={},
        not_finite=dict(not_finite),
        future=dict(future),
        sha256=sha256(origin, found.opened, [each.digest for each in told]),
    )
    newest = days[BOUGHT].max()
    assert newest is None or isinstance(newest, dt.date)
    tables = added_up(sums, [each.tables for each in told])
    purchases = SparkPurchases.of(session, taken, last.kept.schema, newest, tables)
    return ReadInPieces(
        counts=counts,
        rejects=rejects,
        refused_products=pl.concat([each.rows.refused_products for each in told]).unique().sort(),
        rows=replace(last, unread=together(each.rows.unread for each in told)),
        spilled=purchases,
        as_of=day,
        warnings=odd,
    )


def _numbered(told: list[Told]) -> Iterator[pl.DataFrame]:
    """Give the refused rows their places among all rows, partition after partition."""
    before = 0
    for each in told:
        yield each.rows.rejects.with_columns(pl.col(ROW) + pl.lit(before, dtype=pl.UInt32))
        before += each.rows.rows
