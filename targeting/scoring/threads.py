"""One thread while fitting: sums on several threads differ in the last bits from run to run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS and OpenMP to one thread; load scikit-learn first, so that its pool is found."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield
