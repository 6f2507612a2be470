"""The run that a workbook belongs to, and the approved orders of past runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from targeting.orders.judge import judged_overrides
from targeting.orders.write import OVERRIDES
from targeting.problems import Place, Refused, did_you_mean, refuse
from targeting.run_folder.undo import SUFFIX
from targeting.run_folder.write import MANIFEST, read_manifest
from targeting.stock.columns import only
from targeting.stock.inputs import Frame, Schema

PAST: Final[Schema] = {
    "run_id": pl.String,
    "ordered_on": pl.Date,
    "by_location": pl.Boolean,
    "product_id": pl.String,
    "product": pl.String,
    "location": pl.String,
    "suggested": pl.Int64,
    "approved": pl.Int64,
    "reason": pl.String,
    "transfer_in": pl.Int64,
    "transfer_out": pl.Int64,
    "available": pl.Float64,
    "service_level": pl.Float64,
    "lead_time_days": pl.Float64,
    "review_days": pl.Float64,
    "unit_cost": pl.Int64,
}


def run_folder(out: Path, run_id: str, workbook: Path) -> Path:
    """Find the folder of the run that a workbook names, finished and not undone.

    Raises:
        Refused: O002 where there is none, or it was a dry run.
    """
    folder, place = out / run_id, Place(str(workbook))
    plain = Path(run_id).name == run_id and not run_id.startswith(".")
    if plain and (out / f"{run_id}{SUFFIX}").is_dir() and not folder.is_dir():
        message = f"this workbook is of {run_id}, which was undone"
        raise refuse("O002", message, place, _AGAIN)
    if not plain or not (folder / MANIFEST).is_file():
        raise _no_such_run(out, run_id, place)
    if read_manifest(folder).get("dry_run") is not False:
        message = f"this workbook is of {run_id}, a dry run, which orders nothing"
        raise refuse("O002", message, place, "make the run itself, and edit its workbook")
    return folder


_AGAIN: Final = "take the workbook of the run that counts, and make the changes there"


def _no_such_run(out: Path, run_id: str, place: Place) -> Refused:
    known = sorted((path.parent.name for path in out.glob(f"*/{MANIFEST}")), reverse=True)
    message = f"this workbook is of the run '{run_id[:80]}', which is not in {out}"
    if not known:
        return refuse("O002", message, place, "no run has been made there; name another --out DIR")
    near = did_you_mean(run_id[:80], known, what="the runs there are")
    return refuse("O002", message, place, f"{near}; or name another --out DIR")


def past_approved(out: Path) -> pl.DataFrame:
    """Collect what planners changed in the orders of all finished runs, oldest run first.

    `PAST`, a row a line that was not approved as suggested: `ordered_on` is the run's day (it saw
    all sales of that day), `by_location` whether it told locations apart; units, `unit_cost` in
    minor units. A run whose files cannot be read is left out: it cannot be judged.
    """
    frames = [_past(folder) for folder in _finished(out)]
    return pl.concat([pl.DataFrame(schema=PAST), *(f for f in frames if f is not None)])


def overrides(out: Path, purchases: Frame, as_of: dt.date) -> pl.DataFrame:
    """Judge what planners changed in past orders whose time has passed: `judged_overrides`."""
    past = past_approved(out)
    return judged_overrides(past, purchases, as_of) if past.height else pl.DataFrame()


def _finished(out: Path) -> Iterator[Path]:
    for path in sorted(out.glob(f"[0-9]*/{OVERRIDES}")):
        folder = path.parents[1]
        if not folder.name.endswith(SUFFIX) and (folder / MANIFEST).is_file():
            yield folder


def _past(folder: Path) -> pl.DataFrame | None:
    try:
        manifest = read_manifest(folder)
        day = dt.date.fromisoformat(str(manifest.get("as_of")))
        changed = pl.read_parquet(folder / OVERRIDES, glob=False)
        named = changed.with_columns(run_id=pl.lit(folder.name), ordered_on=pl.lit(day))
        told = only(named, PAST)
    except (Refused, OSError, ValueError, pl.exceptions.PolarsError):
        return None
    return told if manifest.get("dry_run") is False else None
