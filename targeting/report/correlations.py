"""How strongly each two fields move together: Pearson's r over all pairs, from exact sums."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from targeting.customers.held import Rows, pages_of
from targeting.scoring.threads import one_thread
from targeting.workspace.catalogue import Catalogue

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Matrix: TypeAlias = npt.NDArray[np.float64]
    Exact: TypeAlias = npt.NDArray[np.object_]

# Float sums depend on the order of rows and on the number of threads; sums of whole numbers below
# 2^53 do not, and BLAS adds them as fast. So each field becomes 32-bit steps of its range, split
# into two 16-bit halves whose products stay exact over a block of rows.
_STEPS = 2**32 - 1
_HALF = 2**16
_ROWS = 2**16


def correlations(customers: Rows, catalogue: Catalogue) -> list[dict[str, object]]:
    """Correlate every pair of number, money and yes/no fields, `a` before `b` in the alphabet.

    `n` counts the customers who have both; `r` is None where a field does not vary among them.
    """
    names = sorted(
        name
        for name, field in catalogue.items()
        if field.type in ("number", "money", "yes/no") and _countable(customers, name)
    )
    if len(names) < 2:
        return []
    pages = [_finite(page, names) for page in pages_of(customers)]
    with one_thread():  # many small products: threads would wait for each other
        return _pairs(names, *_exact_sums(pages, len(names)))


def _finite(page: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
    numbers = page.select(pl.col(names).cast(pl.Float64).fill_nan(None))
    return numbers.with_columns(pl.when(pl.all().is_finite()).then(pl.all()).name.keep())


def _countable(customers: Rows, name: str) -> bool:
    dtype = customers.schema.get(name)
    return dtype is not None and (dtype.is_numeric() or dtype in (pl.Boolean, pl.Null))


def _exact_sums(pages: Sequence[pl.LazyFrame], width: int) -> tuple[Exact, Exact, Exact, Exact]:
    """Add up, for each pair of columns over the rows that have both: n, x, x * x, x * y."""
    import numpy as np

    low, scale = _ranges(pages)
    products = np.zeros((2 * width, 2 * width), dtype=np.int64)
    squares = np.zeros((3 * width, width), dtype=np.int64)
    sums = np.zeros((3 * width, width), dtype=np.int64)
    for block in _blocks(pages):
        values = block.to_numpy()
        known = ~np.isnan(values)
        steps = np.where(known, np.rint((values - low) * scale), 0.0)
        high = np.floor(steps / _HALF)
        rest = steps - high * _HALF
        there = known.astype(np.float64)
        halves = np.hstack([high, rest])
        products += (halves.T @ halves).astype(np.int64)
        squared = np.hstack([high * high, high * rest, rest * rest])
        squares += (squared.T @ there).astype(np.int64)
        sums += (np.hstack([high, rest, there]).T @ there).astype(np.int64)
    return _joined(products.astype(object), squares.astype(object), sums.astype(object), width)


def _blocks(pages: Sequence[pl.LazyFrame]) -> Iterator[pl.DataFrame]:
    for page in pages:
        yield from page.collect().iter_slices(_ROWS)


def _ranges(pages: Sequence[pl.LazyFrame]) -> tuple[Matrix, Matrix]:
    import numpy as np

    both = pl.all().min(), pl.all().max().name.prefix("max:")
    # Together they would all be in memory at once.
    ends = pl.concat([page.select(both).collect() for page in pages])
    names = ends.columns[: ends.width // 2]
    low = ends.select(pl.col(names).min().fill_null(0.0)).to_numpy()[0]
    high = ends.select(pl.col(f"max:{n}").max().fill_null(0.0) for n in names).to_numpy()[0]
    with np.errstate(over="ignore", divide="ignore"):
        width = high - low
        scale = np.where((width > 0) & np.isfinite(width), _STEPS / width, 0.0)
    return low, np.where(np.isfinite(scale), scale, 0.0)


def _joined(
    products: Exact, squares: Exact, sums: Exact, width: int
) -> tuple[Exact, Exact, Exact, Exact]:
    """Put the halves together again, in integers of any size."""
    first, second, third = slice(width), slice(width, 2 * width), slice(2 * width, None)
    crossed = products[first, second] + products[second, first]
    xy = products[first, first] * _HALF**2 + crossed * _HALF + products[second, second]
    xx = squares[first] * _HALF**2 + 2 * squares[second] * _HALF + squares[third]
    x = sums[first] * _HALF + sums[second]
    return sums[third], x, xx, xy


def _pairs(names: list[str], n: Exact, x: Exact, xx: Exact, xy: Exact) -> list[dict[str, object]]:
    spread = n * xx - x * x
    together = n * xy - x * x.T
    found: list[dict[str, object]] = []
    for i, a in enumerate(names):
        for j in range(i + 1, len(names)):
            both = spread[i, j] * spread[j, i]
            r = together[i, j] / math.sqrt(both) if both > 0 else None
            found.append({"a": a, "b": names[j], "r": r, "n": int(n[i, j])})
    return found
