"""The name of a run: its date and a digest of everything it decides from."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from targeting.frames import stable_hash
from targeting.workspace.columns import SourceName


def run_identity(
    as_of: dt.date,
    *,
    version: str,
    workspace: Path,
    files: Iterable[str],
    models: str,
    frames: Mapping[SourceName, pl.DataFrame],
) -> str:
    """Make RUN_ID: as_of and 8 hex digits over version, files, models and the clean rows.

    The order of rows does not matter: each row is hashed, and the hashes are added up.
    """
    digest = hashlib.sha256()
    for part in (version, models):
        digest.update(part.encode() + b"\0")
    for name in sorted(files):
        content = hashlib.sha256((workspace / name).read_bytes()).digest()
        digest.update(name.encode() + b"\0" + content)
    for name in sorted(frames):
        digest.update(name.encode() + b"\0" + _rows_digest(frames[name]))
    return f"{as_of.isoformat()}-{digest.hexdigest()[:8]}"


def _rows_digest(frame: pl.DataFrame) -> bytes:
    if frame.is_empty():
        return hashlib.sha256(",".join(sorted(frame.columns)).encode()).digest()
    cells = [pl.col(name).cast(pl.String).fill_null("\x00") for name in sorted(frame.columns)]
    row = pl.concat_str(cells, separator="\x1f")
    hashed = stable_hash("", "row", "", row)
    # Rows that are equal cancel in the second, not in the first; sums run over, as they may.
    together = frame.lazy().select(total=hashed.sum(), odd=hashed.bitwise_xor()).collect()
    columns = ",".join(sorted(frame.columns))
    text = f"{columns};{frame.height};{together.item(0, 'total')};{together.item(0, 'odd')}"
    return hashlib.sha256(text.encode()).digest()
