"""A folder beside the runs for what does not fit into the memory, gone when the work is done."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from targeting.run_folder.abandoned import SPILL, remove


@contextlib.contextmanager
def spill_folder(out: Path) -> Iterator[Path]:
    """Make a folder of this process; it is removed at the end, else by the next command."""
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{SPILL}{os.getpid()}-", dir=out))
    try:
        yield folder
    finally:
        remove(folder)
