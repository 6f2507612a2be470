"""What Spark knows by name: tables of Hive, JDBC, Delta, Iceberg and others, and queries."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import polars as pl

from targeting.frames import ROW
from targeting.intake.columnar import refuse_nested
from targeting.intake.database_errors import one_line
from targeting.intake.headers import tidy
from targeting.intake.opened import Cells, Opened, Origin
from targeting.intake.row_digest import row_sums
from targeting.problems import refuse
from targeting.spark.files import renamed
from targeting.spark.master import Session
from targeting.spark.words import said

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def open_catalogued(session: Session, origin: Origin) -> Opened:
    """Ask Spark for the columns of a table or query; the rows come here when they are asked for.

    Raises:
        Refused: I052 where Spark does not know it, or it would do more than read.
    """
    table = _table(session, origin)
    with _its_words(origin):
        headers = table.columns

    def cells(columns: Mapping[str, int]) -> Cells:
        with _its_words(origin):
            frame = pl.DataFrame(renamed(table, columns).toArrow())
        refuse_nested(origin, frame)
        return Cells(frame.with_row_index(ROW, offset=1), sums=row_sums(frame))

    def rows() -> int:
        with _its_words(origin):
            return int(table.count())

    return Opened(tuple(map(tidy, headers)), cells, rows=rows)


def catalogued(session: Session, origin: Origin, columns: Mapping[str, int]) -> DataFrame:
    """Give the columns at some positions, under our names."""
    return renamed(_table(session, origin), columns)


def _table(session: Session, origin: Origin) -> DataFrame:
    form = origin.form
    with _its_words(origin):
        if form.query is None:
            return session.spark.table(str(form.table))
        # In brackets nothing but a query can stand.
        return session.spark.sql(f"SELECT * FROM (\n{form.query.strip().removesuffix(';')}\n)")  # noqa: S608


@contextlib.contextmanager
def _its_words(origin: Origin) -> Iterator[None]:
    from pyspark.errors import AnalysisException

    with said():
        try:
            yield
        except AnalysisException as error:  # no such table, no such column, no such language
            content = origin.place("table" if origin.form.table else "query")
            reason = one_line(str(error).partition(";\n")[0])[:300]
            message = f"source {origin.source}: Apache Spark: {reason}"
            help_ = "try it in spark-sql with the same --master"
            raise refuse("I052", message, content, help_) from None
