"""`--engine spark`: where the purchases of a run are held and worked on."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from targeting.intake.accounts import Read
from targeting.intake.found import Found
from targeting.intake.in_pieces import ReadInPieces
from targeting.intake.opened import Opened, Origin
from targeting.intake.spilled import Kernel, added_up, nameless, tables_of
from targeting.spark.catalogue import open_catalogued
from targeting.spark.intake import can_read, read_on_spark
from targeting.spark.master import Session, opened
from targeting.spark.pieces import SCHEMA, batch, cut
from targeting.spark.progress import Tell
from targeting.spark.purchases import SparkPurchases
from targeting.spark.words import said

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Engine:
    """Apache Spark at an address: `spark://HOST:PORT`, `local[2]`, or `sc://HOST` for Connect."""

    master: str

    @contextlib.contextmanager
    def started(self, tell: Tell | None = None, sums: tuple[Kernel, ...] = ()) -> Iterator[OnSpark]:
        """Start it for the time of a run; `tell` hears how far it is.

        `sums` will be asked of all purchases: they are made while these are read.

        Raises:
            Refused: where it cannot be used as it is.
            SparkLost: where nobody answers.
        """
        with opened(self.master, tell) as session:
            yield OnSpark(session, (nameless, *sums))


@dataclass(frozen=True)
class OnSpark:
    """A running Spark, as intake sees it: it reads what it can read, and holds all purchases."""

    session: Session
    sums: tuple[Kernel, ...]

    def open(self, origin: Origin) -> Opened:
        """Open a table or query of Spark's own."""
        return open_catalogued(self.session, origin)

    def takes(self, found: Found) -> bool:
        """Say whether Spark itself reads this source."""
        return can_read(found)

    def read(self, found: Found, *, given: dt.date | None, today: dt.date) -> ReadInPieces:
        """Read purchases with Spark."""
        return read_on_spark(self.session, found, self.sums, given=given, today=today)

    def moved(self, read: Read) -> Read:
        """Hand Spark the purchases that the driver has read."""
        if read.spilled is not None or "purchases" not in read.frames:
            return read
        frames, unfilled = dict(read.frames), dict(read.unfilled)
        lines = frames.pop("purchases")
        unfilled.pop("purchases", None)
        session = self.session.for_lines(lines.height)
        pieces = self._table(list(cut(lines, session.buckets, 0)))
        sums = added_up(self.sums, [tables_of(self.sums, lines)])
        purchases = SparkPurchases.of(session, pieces, lines.schema, read.newest_purchase, sums)
        return replace(read, frames=frames, unfilled=unfilled, spilled=purchases)

    def _table(self, pieces: list[tuple[int, int, bytes]]) -> DataFrame:
        import pyarrow as pa

        with said():
            if not pieces:
                return self.session.spark.createDataFrame([], SCHEMA)
            return self.session.spark.createDataFrame(pa.Table.from_batches([batch(pieces)]))
