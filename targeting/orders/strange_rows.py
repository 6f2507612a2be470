"""Rows of a planner's sheet that cannot be taken as they stand, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from targeting.orders.book import Cells, opened
from targeting.orders.cells import ORDER
from targeting.problems import Problem

MOST_SHOWN: Final = 20


def shown(problems: Iterable[Problem]) -> list[Problem]:
    """Keep the first problems of a workbook, and count the rest."""
    found = sorted(problems, key=lambda problem: problem.place)
    if len(found) <= MOST_SHOWN:
        return found
    last, more = found[MOST_SHOWN], len(found) - MOST_SHOWN
    cells = "one more cell is" if more == 1 else f"{more:,} more cells are"
    rest = Problem(last.code, f"{cells} not right, from here on", last.place, "mend these first")
    return [*found[:MOST_SHOWN], rest]


def uncalculated(path: Path, cells: Cells, sources: Sequence[str]) -> Iterator[Problem]:
    """Find formulas that no program has calculated: beside their values they look empty.

    The workbook is opened once more only where a cell is empty.
    """
    places = {source: cells.places[source] for source in sources if source in cells.places}
    empty = {row[0] for row in cells.rows if any(cells.value(row, name) is None for name in places)}
    if not empty:
        return
    with opened(path, formulas=True) as book:
        page = book[cells.sheet]
        page.reset_dimensions()
        rows = page.iter_rows(max_row=max(empty), max_col=max(places.values()))
        for number, row in enumerate(rows, start=1):
            for source, place in places.items() if number in empty else ():
                if row[place - 1].data_type == "f" and row[place - 1].value is not None:
                    what = "holds a formula that was never calculated"
                    yield cells.problem("O004", source, number, what, _CALCULATE)


_CALCULATE: Final = "open the workbook, let it calculate and save it; or type the number itself"


def without_id(cells: Cells) -> Iterator[Problem]:
    """Find rows that order a product and are no line of ours; sums below the table are let be."""
    telling = [name for name in _OF_A_LINE if name in cells.places]
    for row in cells.rows:
        orders = cells.value(row, ORDER.source) not in (None, 0)
        if orders and not cells.text(row, "id") and any(cells.text(row, n) for n in telling):
            what = "orders something in a row that has no line id"
            yield cells.problem("O005", ORDER.source, row[0], what, _ADDED)


_OF_A_LINE: Final = ("product_id", "service_level", "lead_time_days", "review_days")  # not in a sum
_ADDED: Final = "order a new product elsewhere, and delete the row; or bring its line id back"


def twice(cells: Cells, lines: pl.DataFrame) -> Iterator[Problem]:
    """Find rows whose line stands in a row above them already."""
    first = pl.col("row").min().over("id").alias("first")
    doubled = lines.select("row", first).filter(pl.col("row") != pl.col("first"))
    for row, before in doubled.rows():
        what = f"is the line of row {before} once more"
        yield cells.problem("O005", "id", row, what, "delete one of the two rows")


def strangers(cells: Cells, lines: pl.DataFrame, run_id: str) -> Iterator[Problem]:
    """Name the rows whose line a run does not have."""
    for row in lines["row"].sort():
        what = f"names a line that the run {run_id} does not have"
        yield cells.problem("O005", "id", row, what, _STRANGE)


_STRANGE: Final = "delete the row; or take the workbook of the run that this line is of"
