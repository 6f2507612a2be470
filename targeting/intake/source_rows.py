"""One source from cells to kept and refused rows: type, contract, `where`, doubles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from targeting.frames import ROW
from targeting.intake.clean import as_text, clean
from targeting.intake.contract import WHY, Reason, judge
from targeting.intake.duplicates import drop_doubles
from targeting.intake.headers import ONE_OF
from targeting.intake.minor import minor_of
from targeting.intake.opened import Cells, Origin
from targeting.intake.rejects import (
    empty_bad_cells,
    gathered,
    no_fault,
    refuse_faulty,
    refuse_lines,
)
from targeting.intake.undeclared import Unread, unread
from targeting.intake.wanted import Wanted, wanted
from targeting.intake.where import meant, where_reads
from targeting.workspace.columns import SourceName
from targeting.workspace.settings import Settings

PRODUCT = "product_id"
AMOUNT = "amount"
UNIT_PRICE = "unit_price"
QUANTITY = "quantity"


@dataclass(frozen=True)
class SourceRows:
    """What became of one source's rows; `kept` still has flags beside our columns."""

    kept: pl.DataFrame
    rejects: pl.DataFrame
    rows: int
    set_aside: int
    columns: tuple[Wanted, ...]
    unread: Mapping[str, Unread]
    refused_products: pl.Series = field(default_factory=lambda: pl.Series(PRODUCT, dtype=pl.String))


def columns_of(settings: Settings, source: SourceName, names: Sequence[str]) -> list[Wanted]:
    """Say how a source's columns read; a unit price that makes the amount cannot be missing."""
    columns = [wanted(settings, source, name) for name in names]
    if computes_amount(source, names):
        return [replace(w, required=True) if w.name == UNIT_PRICE else w for w in columns]
    return columns


def computes_amount(source: SourceName, names: Sequence[str]) -> bool:
    """Say whether a purchase's amount is quantity x unit price."""
    return source == "purchases" and AMOUNT not in names and UNIT_PRICE in names


def sort_rows(origin: Origin, cells: Cells, columns: Sequence[Wanted]) -> SourceRows:
    """Keep, set aside or reject every record of a source; each is counted once."""
    rows = without_doubles(origin, judge_rows(origin, cells, columns))
    return replace(rows, refused_products=_refused_products(cells, rows.rejects))


def judge_rows(origin: Origin, cells: Cells, columns: Sequence[Wanted]) -> SourceRows:
    """Judge each record by itself; what is kept may hold several of one thing."""
    settings = origin.workspace.settings
    judged = judge(clean(cells, columns, settings), columns)
    strange = unread(cells, judged, columns)
    judged = empty_bad_cells(judged, [w.name for w in columns if w.empties])
    if origin.source == "purchases":
        judged, columns = _with_amounts(judged, columns, settings)
    judged = _without_anybody(judged, origin.source)
    names = [w.name for w in columns]
    judged, set_aside = _set_aside(origin, judged, columns)
    refused = [refuse_lines(cells.bad_lines), refuse_faulty(judged, names, cells)]
    good = judged.filter(no_fault(judged, names)) if _any_fault(judged) else judged
    whys = [name for name in judged.columns if name.startswith(WHY)]
    rejects = gathered(origin.source, refused)
    return SourceRows(good.drop(whys), rejects, cells.rows, set_aside, tuple(columns), strange)


def without_doubles(origin: Origin, rows: SourceRows) -> SourceRows:
    """Keep one row of each thing, or none where they contradict each other."""
    parted = drop_doubles(rows.kept, origin.source, origin.form)
    return reject_more(origin.source, rows, parted.kept, parted.refused)


def _refused_products(cells: Cells, rejects: pl.DataFrame) -> pl.Series:
    """Name the products of the rejected rows, where they can be read."""
    nobody = pl.Series(PRODUCT, dtype=pl.String)
    if PRODUCT not in cells.frame.columns or rejects.is_empty():
        return nobody
    rows = cells.frame.filter(pl.col(ROW).is_in(rejects[ROW].implode()))
    text = as_text(pl.col(PRODUCT), cells.frame.schema[PRODUCT]).str.strip_chars()
    return rows.select(text.alias(PRODUCT))[PRODUCT].drop_nulls().unique().sort()


def reject_more(
    source: SourceName, rows: SourceRows, kept: pl.DataFrame, refused: pl.DataFrame
) -> SourceRows:
    """Refuse further rows of a source."""
    rejects = gathered(source, [rows.rejects, refused])
    return replace(rows, kept=kept, rejects=rejects)


def _any_fault(judged: pl.DataFrame) -> bool:
    return any(name.startswith(WHY) for name in judged.columns)


def _with_amounts(
    judged: pl.DataFrame, columns: Sequence[Wanted], settings: Settings
) -> tuple[pl.DataFrame, list[Wanted]]:
    """Make a missing quantity 1, and the amount from quantity x unit price where none is given."""
    names = [w.name for w in columns]
    if QUANTITY in names:
        judged = judged.with_columns(pl.col(QUANTITY).fill_null(1.0))
    else:
        judged = judged.with_columns(pl.lit(1.0).alias(QUANTITY))
        columns = [*columns, Wanted(QUANTITY, "number")]
    if not computes_amount("purchases", names):
        return judged, list(columns)
    amount = wanted(settings, "purchases", AMOUNT)
    product = minor_of(pl.col(QUANTITY) * pl.col(UNIT_PRICE))
    return judge(judged.with_columns(product.alias(AMOUNT)), [amount]), [*columns, amount]


def _without_anybody(judged: pl.DataFrame, source: SourceName) -> pl.DataFrame:
    """Find a suppression or response that names nobody: it is `missing` its first identifier."""
    if source == "purchases":
        return judged
    ids = [name for name in ONE_OF.get(source, ()) if name in judged.columns]
    if not ids:
        return judged
    nobody = pl.all_horizontal(pl.col(ids).is_null())
    if not judged.select(nobody.any()).item():
        return judged
    reason = pl.when(nobody).then(pl.lit("missing", dtype=Reason))
    return judged.with_columns(reason.alias(WHY + ids[0]))


def _set_aside(
    origin: Origin, judged: pl.DataFrame, columns: Sequence[Wanted]
) -> tuple[pl.DataFrame, int]:
    """Drop rows outside `where`, but for those whose condition stands on a bad cell."""
    if origin.form.where is None:
        return judged, 0
    digits = origin.workspace.settings.shop.minor_digits
    readable = judged.select(no_fault(judged, sorted(where_reads(origin))).alias("ok"))["ok"]
    if readable.len() != judged.height:
        readable = readable.new_from_index(0, judged.height)
    stays = meant(origin, judged, columns, digits) | ~readable
    return judged.filter(stays), judged.height - int(stays.sum())


def flag_counts(kept: pl.DataFrame, flag: str) -> dict[str, int]:
    """Count a flag (`emptied:`, `not_finite:`) by column over the kept rows."""
    names = [name for name in kept.columns if name.startswith(flag)]
    return {
        name.removeprefix(flag): count for name in names if (count := int(kept[name].sum())) > 0
    }
