"""Pieces of work beside each other, few at a time, so that memory stays bounded.

Polars uses all cores for some steps and one for others, and lets Python go on meanwhile: two pieces
at once keep the cores busy. What a piece gives does not depend on what runs beside it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from types import TracebackType
from typing import Final, TypeVar

_AT_ONCE: Final = 2

T = TypeVar("T")
R = TypeVar("R")


def abreast(work: Callable[[T], R], of: Iterable[T]) -> Iterator[R]:
    """Do a piece of work for each, two at a time, and give what they make, in order.

    While one that was given is looked at, one more is in work. A single piece is done here, where
    Ctrl-C ends it at once.
    """
    pieces = iter(of)
    begun = [*islice(pieces, _AT_ONCE)]
    if len(begun) < _AT_ONCE:
        yield from map(work, begun)
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting = deque(pool.submit(work, each) for each in begun)
        for each in pieces:
            yield waiting.popleft().result()
            waiting.append(pool.submit(work, each))
        while waiting:
            yield waiting.popleft().result()


def ahead(items: Iterable[T]) -> Iterator[T]:
    """Give items while the next one is made."""
    made = iter(items)

    def following() -> list[T]:
        return [*islice(made, 1)]

    with ThreadPoolExecutor(1) as pool:
        try:
            coming = pool.submit(following)
            while there := coming.result():
                coming = pool.submit(following)
                yield from there
        finally:
            if isinstance(made, Generator):  # what it has open may belong to its thread
                pool.submit(made.close)


class Behind:
    """Work that nobody waits for, such as writing: no more than one piece that is not done yet.

    What goes wrong there is raised here, at the next piece or at the end.
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
