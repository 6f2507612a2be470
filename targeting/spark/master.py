"""A session of Apache Spark, and everything that can be wrong with it, in words."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from targeting.problems import Place, Refused, refuse
from targeting.spark.lock import MARK, differing, refuse_others, versions

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

WHERE = Place("--engine spark")
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",  # days are those that the file names
    "spark.sql.caseSensitive": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
}
_START = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.maxResultSize": "0",  # one row a customer comes back
    "spark.executorEnv.POLARS_MAX_THREADS": "1",  # Spark gives each core a task of its own
}
_SECONDS = 5

Work = Callable[[Iterator[Any]], Iterator[Any]]


class SparkLost(ConnectionError):
    """Spark is not there, or gave up: nobody's mistake, the same may work later."""


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
            raise _unlike("; ".join(others))


def _unlike(others: str) -> Refused:
    help_ = "install the same requirements.lock on every worker"
    return refuse("X005", f"the worker {others}", WHERE, help_)


@contextlib.contextmanager
def opened(master: str) -> Iterator[Session]:
    """Start Spark, or reach one that runs (`sc://`), and end what was started.

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
        session = Session(spark, _buckets(spark, remote=remote), versions())
        session.check_workers()
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
    for name, value in _SETTINGS.items():
        spark.conf.set(name, value)
    return spark


def _buckets(spark: SparkSession, *, remote: bool) -> int:
    """Part customers so that every core has a few buckets to take, one after the other."""
    if remote:
        return int(spark.conf.get("spark.sql.shuffle.partitions") or 200)
    return max(8, 4 * int(spark.sparkContext.defaultParallelism))


def _refuse_missing(*, remote: bool) -> None:
    try:
        import pandas  # noqa: F401
        import pyspark  # noqa: F401
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


@contextlib.contextmanager
def said() -> Iterator[None]:
    """Put Spark's errors into words.

    Raises:
        Refused: where a worker has other packages, or lacks one.
        SparkLost: for what else ends Spark's work.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise _explained(str(error)) from None


def _explained(text: str) -> Refused | SparkLost:
    if found := re.search(f"{MARK} (.*?){MARK}", text, re.DOTALL):
        return _unlike(found[1])
    if found := re.search(r"No module named '([\w.]+)'", text):
        message = f"a worker lacks the package {found[1]}"
        return refuse("X005", message, WHERE, "install targeting[spark] on every worker")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("Caused by:") or "Error: " in line]
    return SparkLost(f"Apache Spark gave up: {(told or lines or ['no reason given'])[0][:300]}")
