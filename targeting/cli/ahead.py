"""What a large job asks of those who allocate: of Polars before it is there, of libc as it goes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

_ALLOCATOR = "_RJEM_MALLOC_CONF"  # jemalloc's, with the prefix that Polars builds it with
# As few arenas as cores, and what was freed stays at hand for ten seconds, large pieces too: a
# night has a third fewer page faults, at 2% more memory (bench/README.md).
_KEPT = "narenas:{cores},dirty_decay_ms:{ms},muzzy_decay_ms:0,oversize_threshold:0"
_MS, _MS_BOUNDED = 10_000, 1_000  # one second costs no time, and a tenth less memory at the peak


def keep_freed_memory(*, bounded: bool = False) -> None:
    """Have Polars use again what it freed; only before it is imported, and never over the user.

    `bounded`: the job is to stay small, so that less is kept.
    """
    if "polars" not in sys.modules:
        kept = _KEPT.format(cores=os.cpu_count() or 1, ms=_MS_BOUNDED if bounded else _MS)
        os.environ.setdefault(_ALLOCATOR, kept)


def giving_back(tell: Callable[[str], None], *, bounded: bool) -> Callable[[str], None]:
    """Have the C library give back what NumPy freed, whenever a bounded job begins a step.

    At ten million customers that is half a gigabyte, in a few milliseconds.
    """
    import ctypes

    library = ctypes.CDLL(None) if bounded and os.name == "posix" else None
    trim = getattr(library, "malloc_trim", None)
    if trim is None:  # not glibc, or nobody asks for it
        return tell

    def telling(step: str) -> None:
        trim(0)
        tell(step)

    return telling
