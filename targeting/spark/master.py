"""A session of Apache Spark, started or reached."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from targeting.problems import refuse
from targeting.spark.lock import differing, refuse_others, versions
from targeting.spark.progress import Tell, watched
from targeting.spark.words import WHERE, SparkLost, said, unlike

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

# Of the driver's log only what went wrong with a task or a worker, in one line each.
_LOG = Path(__file__).with_name("log4j2.properties")
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",  # days are those that the file names
    "spark.sql.caseSensitive": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
}
_START = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_LOG.as_uri()}",
    "spark.driver.maxResultSize": "0",  # one row a customer comes back
    "spark.executorEnv.POLARS_MAX_THREADS": "1",  # Spark gives each core a task of its own
}
_SECONDS = 5
_LINES = 2_000_000  # of purchases in a bucket: at work they take a worker's Python about 500 MB

Work = Callable[[Iterator[Any]], Iterator[Any]]


@dataclass(frozen=True)
class Session:
    """A running Spark.

    Parameters:
        buckets: into how many the customers are parted; each is worked on in one piece.
        versions: what every worker must have.
    """

    spark: SparkSession
    buckets: int
    versions: Mapping[str, str]

    def map(self, table: DataFrame, work: Work, schema: str) -> DataFrame:
        """Run `work` on the Arrow batches of every partition, where the versions are the same."""
        expected = dict(self.versions)

        def checked(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            refuse_others(expected)
            yield from work(batches)

        return table.mapInArrow(checked, schema)

    def for_lines(self, lines: int) -> Session:
        """Take more buckets where so many lines would make them too large for a worker."""
        return replace(self, buckets=max(self.buckets, lines // _LINES))

    def check_workers(self) -> None:
        """Have a first task on the workers compare their packages with the driver's.

        Raises:
            Refused: with the host and the packages that differ.
        """
        expected = dict(self.versions)

        def compared(_: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            import pyarrow as pa

            yield pa.RecordBatch.from_arrays([pa.array([differing(expected)])], names=["other"])

        rows = self.spark.range(0, self.buckets, 1, self.buckets)
        with said():
            found = rows.mapInArrow(compared, "other string").toArrow()["other"].to_pylist()
        if others := sorted(set(filter(None, found))):
            raise unlike("; ".join(others))


@contextlib.contextmanager
def opened(master: str, tell: Tell | None) -> Iterator[Session]:
    """Start Spark, or reach one that runs (`sc://`), and end what was started.

    `tell` hears how far Spark is.

    Raises:
        Refused: where Java or pyspark is missing, or workers differ.
        SparkLost: where nobody answers.
    """
    remote = master.startswith("sc://")
    _refuse_missing(remote=remote)
    _refuse_silent(master)
    heard = signal.getsignal(signal.SIGINT)
    with said():
        spark = _started(master, remote=remote)
    signal.signal(signal.SIGINT, heard)  # Spark puts its own in the place of ours
    try:
        session = Session(spark, _buckets(spark), versions())
        session.check_workers()
        with watched(spark, tell, remote=remote):
            yield session
    finally:
        spark.stop()


def _started(master: str, *, remote: bool) -> SparkSession:
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # Spark reads it nowhere else
    builder = SparkSession.builder.appName("targeting")
    if remote:
        builder = builder.remote(master)
    else:
        builder = builder.master(master)
        for name, value in _START.items():
            builder = builder.config(name, value)
    spark = builder.getOrCreate()
    if remote:
        _try_for_a_minute(spark)
    for name, value in _SETTINGS.items():
        spark.conf.set(name, value)
    return spark


def _try_for_a_minute(spark: SparkSession) -> None:
    """Knock no longer at a server of Spark Connect that went away: it would be ten minutes."""
    from pyspark.sql.connect.client.retries import DefaultPolicy

    warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]")  # the run itself says so
    spark.client.set_retry_policies([DefaultPolicy(max_retries=8, max_backoff=15_000)])


def _buckets(spark: SparkSession) -> int:
    """Part customers so that every core has a few buckets to take, one after the other.

    Spark cuts a range into as many parts as it has cores; Connect tells their number only so.
    """
    from pyspark.sql.functions import spark_partition_id

    with said():
        spark.range(1).count()  # workers announce themselves only when there is work
        parts = spark.range(1 << 16).select(spark_partition_id()).distinct().count()
    return max(8, 4 * int(parts))


def _refuse_missing(*, remote: bool) -> None:
    try:
        import pandas  # noqa: F401
        import pyspark.sql

        if remote:
            import pyspark.sql.connect.session  # noqa: F401
    except ImportError:
        message = "Apache Spark's driver (pyspark) is not installed"
        raise refuse("X004", message, WHERE, "pip install 'targeting[spark]'") from None
    home = os.environ.get("JAVA_HOME")
    if not remote and shutil.which("java") is None and not (home and Path(home).is_dir()):
        help_ = "install Java 17 or later, or set JAVA_HOME; sc:// needs none"
        raise refuse("X004", "Apache Spark needs Java, and there is none", WHERE, help_)


def _refuse_silent(master: str) -> None:
    """Say at once that nobody listens: Spark itself would try for minutes."""
    found = re.fullmatch(r"(spark|sc)://([^/;]+).*", master)
    if found is None:
        return
    default = 7077 if found[1] == "spark" else 15002
    if not any(_answers(host, default) for host in found[2].split(",")):
        raise SparkLost(f"--master {master}: nobody answers there; is Spark running?")


def _answers(host: str, default: int) -> bool:
    name, _, port = host.partition(":")
    try:
        with socket.create_connection((name, int(port or default)), timeout=_SECONDS):
            return True
    except (OSError, ValueError):
        return False
