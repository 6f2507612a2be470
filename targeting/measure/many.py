"""Looking at many comparisons at once: Holm's correction."""

from __future__ import annotations

from collections.abc import Sequence


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Correct the p of one family, step by step from the smallest; None stays out of it.

    Holm 1979, Scandinavian Journal of Statistics 6, 65-70: whatever is true, the chance that any
    comparison without a difference is called one stays below the level that p is compared with.
    """
    tested = sorted((p, at) for at, p in enumerate(ps) if p is not None)
    corrected: list[float | None] = [None] * len(ps)
    so_far = 0.0
    for left, (p, at) in zip(range(len(tested), 0, -1), tested, strict=True):
        so_far = max(so_far, min(1.0, left * p))
        corrected[at] = so_far
    return corrected
