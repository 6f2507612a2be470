"""What a planner's workbook says now: the run, and of each line its order, inputs and reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from targeting.exports.planner.columns import LINE_COLUMNS, SUGGESTIONS
from targeting.orders.book import Cells, cells_of, opened, run_of
from targeting.orders.cells import INPUTS, ORDER, Input, Unreadable, read_number
from targeting.orders.comments import comments_by_row
from targeting.orders.lines import as_read
from targeting.orders.strange_rows import shown, twice, uncalculated, without_id
from targeting.problems import Place, Problem, Refused, refuse

_HEADERS: Final = {column.source: column.header for column in LINE_COLUMNS}
_NUMBERS: Final = (ORDER, *INPUTS)
_ASKED: Final[Mapping[str, str]] = {
    "id": _HEADERS["id"],
    "product_id": _HEADERS["product_id"],
    **{of.source: _HEADERS[of.source] for of in _NUMBERS},
    "reason": "Reason",
    "why": "Why",
}


@dataclass(frozen=True)
class Edited:
    """A workbook as its planner left it.

    `lines`, one row a line: `row` (of the sheet), `id`, `order` (whole units, Int64), the inputs
    that stand in the sheet (Float64; one whose column is gone is missing) and `reason` (missing
    without). `cells` can name a line's cell. `notes`: sentences about what was read with a guess.
    """

    run_id: str
    lines: pl.DataFrame
    cells: Cells
    notes: tuple[str, ...]


def read_edited(path: Path) -> Edited:
    """Read a workbook that a planner has changed, in whichever program.

    Raises:
        Refused: O001 to O005, all cells at once (the first 20, then a count).
    """
    with opened(path) as book:
        run_id = run_of(book, str(path))
        every = cells_of(book, str(path), SUGGESTIONS, _ASKED, "id")
    _refuse_without_order(every)
    cells = replace(every, rows=[row for row in every.rows if every.text(row, "id")])
    uncounted = list(uncalculated(path, cells, [of.source for of in _NUMBERS]))
    columns, unread, notes = _numbers(cells)
    named = {"row": [row for row, _ in cells.rows], "id": _ids(cells), "reason": _reasons(cells)}
    texts = dict.fromkeys(("id", "reason"), pl.String)
    lines = pl.DataFrame(named, schema={"row": pl.Int64, **texts}).with_columns(columns)
    known = {problem.place for problem in uncounted}  # they look empty too
    problems = [*uncounted, *(problem for problem in unread if problem.place not in known)]
    problems += [*without_id(every), *twice(cells, lines)]
    if problems:
        raise Refused(shown(problems))
    return Edited(run_id, _with_comments(lines, path, cells.sheet), cells, tuple(notes))


def _refuse_without_order(cells: Cells) -> None:
    name = ORDER.source
    if name not in cells.places:
        message = f"the sheet {cells.sheet} has no column '{_ASKED[name]}' any more"
        help_ = f"its headers stand in row {cells.header}: give the column its name back"
        raise refuse("O003", message, Place(cells.file, cells.header), help_)


def _numbers(cells: Cells) -> tuple[list[pl.Series], list[Problem], list[str]]:
    """Read the columns of numbers; tell what cannot be read, and what was read with a guess."""
    columns: list[pl.Series] = []
    problems: list[Problem] = []
    notes: list[str] = []
    for of in _NUMBERS:
        found = _column(cells, of)
        columns.append(found.numbers)
        problems += found.problems
        notes += _note(cells, of, f"{_ASKED[of.source]}: a number typed as text is read", found)
    empty = [row[0] for row in cells.rows if not cells.text(row, ORDER.source)]
    notes += _note(cells, ORDER, "an empty Order is 0", _Column(columns[0], [], empty))
    return columns, problems, [*notes, *_gone(cells)]


@dataclass(frozen=True)
class _Column:
    numbers: pl.Series
    problems: list[Problem]
    guessed: list[int]  # rows of the sheet


def _column(cells: Cells, of: Input) -> _Column:
    dtype = pl.Int64 if of.whole else pl.Float64
    if of.source not in cells.places:
        missing = pl.Series(of.source, [None] * len(cells.rows), dtype=dtype)
        return _Column(missing, [], [])
    numbers: list[float | None] = []
    problems: list[Problem] = []
    guessed: list[int] = []
    for (row, _), value in zip(cells.rows, cells.column(of.source), strict=True):
        try:
            number, was_text = read_number(value, of)
        except Unreadable as error:
            numbers.append(None)
            problems.append(cells.problem("O004", of.source, row, str(error), _help(of)))
            continue
        numbers.append(number)
        guessed += [row] if was_text else []
    read = pl.Series(of.source, numbers, dtype=pl.Float64).cast(dtype)
    return _Column(read, problems, guessed)


def _help(of: Input) -> str:
    if of is ORDER:
        return "type how many units you order, 0 for none"
    return f"type a number from {of.low:.12g} to {of.high:.12g}, or what stood there before"


def _note(cells: Cells, of: Input, what: str, found: _Column) -> Iterator[str]:
    if found.guessed:
        first, more = cells.name(of.source, found.guessed[0]), len(found.guessed) - 1
        yield f"{what}: {first}" + (f" and {more:,} more" if more else "")


def _gone(cells: Cells) -> Iterator[str]:
    gone = [_ASKED[of.source] for of in INPUTS if of.source not in cells.places]
    if gone:
        yield f"columns that are gone are taken as they were: {', '.join(gone)}"


def _ids(cells: Cells) -> list[str]:
    return [as_read(str(text)) for text in cells.column("id")]


def _reasons(cells: Cells) -> list[str | None]:
    """Give what stands under Reason, else under Why."""
    columns = [name for name in ("reason", "why") if name in cells.places]
    return [
        next((text for name in columns if (text := cells.text(row, name))), None)
        for row in cells.rows
    ]


def _with_comments(lines: pl.DataFrame, path: Path, sheet: str) -> pl.DataFrame:
    """Take a comment of the row as the reason, where no column gives one."""
    comments = pl.DataFrame(
        list(comments_by_row(path, sheet).items()),
        schema={"row": pl.Int64, "comment": pl.String},
        orient="row",
    )
    joined = lines.join(comments, on="row", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("reason", "comment").alias("reason")).drop("comment")
