"""What Spark's errors mean, in words."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from targeting.problems import Place, Refused, refuse
from targeting.spark.lock import MARK

WHERE = Place("--engine spark")


class SparkLost(ConnectionError):
    """Spark is not there, or gave up: nobody's mistake, the same may work later."""


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


def unlike(others: str) -> Refused:
    """Refuse workers of other packages; `others` names them."""
    help_ = "install the same requirements.lock on every worker"
    return refuse("X005", f"the worker {others}", WHERE, help_)


def _explained(text: str) -> Refused | SparkLost:
    if found := re.search(f"{MARK} (.*?){MARK}", text, re.DOTALL):
        return unlike(found[1])
    if found := re.search(r"different version: ([\d.]+) than that in driver: ([\d.]+)", text):
        return unlike(f"has python {found[1]} instead of {found[2]}")
    if found := re.search(r"No module named '([\w.]+)'", text):
        message = f"a worker lacks the package {found[1]}"
        return refuse("X005", message, WHERE, "install targeting[spark] on every worker")
    if "StatusCode.UNAVAILABLE" in text:
        return SparkLost("Spark Connect no longer answers: what it held is lost, run again")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("Caused by:") or "Error: " in line]
    return SparkLost(f"Apache Spark gave up: {(told or lines or ['no reason given'])[0][:300]}")
