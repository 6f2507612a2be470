"""How far Spark is with what it was asked for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SECONDS = 0.5

Tell = Callable[[str], None]


@contextlib.contextmanager
def watched(spark: SparkSession, tell: Tell | None, *, remote: bool) -> Iterator[None]:
    """Tell how many tasks are done while Spark is at work; with nobody to tell, do not look."""
    if tell is None:
        yield
    elif remote:
        with _reported(spark, tell):
            yield
    else:
        with _looked_at(spark, tell):
            yield


def in_words(stages: Iterable[tuple[int, int]]) -> str:
    """Say how many tasks are done: of each stage at work, those done and all."""
    done, tasks = map(sum, zip((0, 0), *stages, strict=True))
    return f"{done} of {tasks} tasks on Apache Spark" if tasks else ""


@contextlib.contextmanager
def _reported(spark: SparkSession, tell: Tell) -> Iterator[None]:
    """Pass on what Spark Connect reports by itself."""

    def heard(*, stages: Iterable[Any] | None, done: bool, **_: object) -> None:
        at_work = [(each.num_completed_tasks, each.num_tasks) for each in stages or ()]
        tell("" if done else in_words(at_work))

    spark.registerProgressHandler(heard)
    try:
        yield
    finally:
        spark.removeProgressHandler(heard)


@contextlib.contextmanager
def _looked_at(spark: SparkSession, tell: Tell) -> Iterator[None]:
    from py4j.protocol import Py4JError

    tracker = spark.sparkContext.statusTracker()
    ended = threading.Event()

    def look() -> None:
        with contextlib.suppress(Py4JError, OSError):  # Java is gone: the run itself will say so
            while not ended.wait(_SECONDS):
                found = [tracker.getStageInfo(each) for each in tracker.getActiveStageIds()]
                tell(in_words((each.numCompletedTasks, each.numTasks) for each in found if each))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()
