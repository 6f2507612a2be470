"""Work that is done behind what comes next, one piece at a time: a table is written, say."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType


class Behind:
    """One thread, and no more than one piece of work that is not done yet: so memory is bounded.

    What goes wrong there is raised here, at the next piece or at the end. Polars lets Python go on
    while it writes.
    """

    def __enter__(self) -> Behind:
        self._pool = ThreadPoolExecutor(1)
        self._last: Future[None] | None = None
        return self

    def do(self, work: Callable[[], None]) -> None:
        """Begin a piece of work when the one before is done."""
        self._wait()
        self._last = self._pool.submit(work)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()
        if error is None:
            self._wait()

    def _wait(self) -> None:
        if self._last is not None:
            self._last.result()
            self._last = None
