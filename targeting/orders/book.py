"""A planner's workbook, opened as it stands: sheets, headers by name, cells by row."""

from __future__ import annotations

import contextlib
import itertools
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from targeting.problems import Place, Problem, Refused, did_you_mean, refuse

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

SUMMARY: Final = "Summary"
RUN: Final = "Run"
# what openpyxl raises where a file is damaged: it checks little itself
_BROKEN: Final = (
    OSError, ValueError, LookupError, TypeError, AttributeError, SyntaxError, EOFError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
LARGEST: Final = 500_000_000  # bytes unpacked; 20,000 lines are some 70 million
_TOP_ROWS: Final = 60  # where a header or the run's name may stand, should lines be put above


Row = tuple[int, tuple[Any, ...]]  # its number on the sheet, and its values


@dataclass(frozen=True)
class Cells:
    """The columns that were looked for on one sheet, below their headers.

    `places` counts columns from 1; a column that is not there is not in it. `rows` holds for each
    row with any cell its number and its values, in the order of `places`.
    """

    file: str
    sheet: str
    header: int
    places: Mapping[str, int]
    rows: list[Row]

    @cached_property
    def _at(self) -> Mapping[str, int]:
        return {source: at for at, source in enumerate(self.places)}

    def column(self, source: str) -> list[Any]:
        """Give a column's values, row by row."""
        return [self.value(row, source) for row in self.rows]

    def value(self, row: Row, source: str) -> Any:
        """Give one cell's value."""
        return row[1][self._at[source]]

    def text(self, row: Row, source: str) -> str:
        """Give one cell's value as one line of text; empty where it is empty."""
        value = self.value(row, source)
        return "" if value is None else " ".join(str(value).split())

    def name(self, source: str, row: int) -> str:
        """Name a cell as the planner sees it: Suggestions!M14."""
        return f"{self.sheet}!{letters(self.places[source])}{row}"

    def problem(self, code: str, source: str, row: int, what: str, help_: str) -> Problem:
        """Say what is wrong with a cell."""
        place = Place(self.file, row, self.places[source], self.places[source] + 1)
        return Problem(code, f"{self.name(source, row)} {what}", place, help_)


@contextlib.contextmanager
def opened(path: Path, *, formulas: bool = False) -> Iterator[Workbook]:
    """Open a workbook to read it cell by cell: the values, or the formulas.

    Raises:
        Refused: O001 where it cannot be read, at once or further down.
    """
    from openpyxl import load_workbook

    _refuse_what_unpacks_too_large(path)
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pictures and colours that are not read
        try:
            yield load_workbook(file, read_only=True, data_only=not formulas, keep_links=False)
        except _BROKEN as error:
            raise _unreadable(path) from error


def _refuse_what_unpacks_too_large(path: Path) -> None:
    """Look at the sizes that the archive states before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except _BROKEN as error:
        raise _unreadable(path) from error
    if size > LARGEST:
        message = f"this workbook unpacks to {size / 1e6:,.0f} MB, far more than an order's"
        help_ = "take the run's own workbook again, and type the changes there"
        raise refuse("O001", message, Place(str(path)), help_)


def _unreadable(path: Path) -> Refused:
    message = "this is no workbook that can be read, or it is cut off or locked by a password"
    return refuse("O001", message, Place(str(path)), "save it anew as an Excel workbook (.xlsx)")


def run_of(book: Workbook, file: str) -> str:
    """Read on the sheet Summary which run a workbook belongs to.

    Raises:
        Refused: O003 without that sheet; O002 where it names no run.
    """
    page = book[_sheet(book, file, SUMMARY)]
    page.reset_dimensions()
    for row in page.iter_rows(max_row=_TOP_ROWS, values_only=True):
        for name, value in itertools.pairwise(row):
            if _folded(name) == _folded(RUN) and value is not None:
                return str(value).strip()
    message = f"the sheet {SUMMARY} names no run, so nobody can tell what was suggested"
    help_ = "type the run's name beside the word Run; or take the run's own workbook again"
    raise refuse("O002", message, Place(file), help_)


def cells_of(
    book: Workbook, file: str, sheet: str, headers: Mapping[str, str], anchor: str
) -> Cells:
    """Read some columns of a sheet, found by `headers` (source: header) in any order.

    The header row is the first that holds the header of `anchor`.

    Raises:
        Refused: O003 without the sheet or the anchor, or where a header stands twice.
    """
    title = _sheet(book, file, sheet)
    page = book[title]
    page.reset_dimensions()  # other programs may have written them wrong
    rows = enumerate(page.iter_rows(values_only=True), start=1)
    for number, row in rows:
        names = [_folded(value) for value in row]
        if _folded(headers[anchor]) in names:
            places = _places(names, headers, Place(file, number), f"{title}!{{}}{number}")
            return Cells(file, title, number, places, list(_picked(rows, places)))
        if number == _TOP_ROWS:
            break
    message = f"the sheet {title} has no column '{headers[anchor]}', by which lines are known"
    help_ = "it is hidden: bring it back from the run's own workbook"
    raise refuse("O003", message, Place(file), help_)


def _sheet(book: Workbook, file: str, name: str) -> str:
    for title in book.sheetnames:
        if _folded(title) == _folded(name):
            return str(title)
    if not book.sheetnames:  # as of one saved as Strict Open XML
        raise _unreadable(Path(file))
    help_ = f"give the sheet its name back; {did_you_mean(name, book.sheetnames, what='there are')}"
    raise refuse("O003", f"there is no sheet '{name}'", Place(file), help_)


def _places(
    names: list[str], headers: Mapping[str, str], at: Place, cell: str
) -> Mapping[str, int]:
    found = {
        source: [place for place, name in enumerate(names, start=1) if name == _folded(header)]
        for source, header in headers.items()
    }
    twice = [
        Problem(
            "O003",
            f"'{headers[source]}' heads more than one column: "
            + ", ".join(cell.format(letters(place)) for place in places),
            Place(at.file, at.line, places[0], places[0] + 1),
            "rename or delete the one that does not count",
        )
        for source, places in found.items()
        if len(places) > 1
    ]
    if twice:
        raise Refused(twice)
    return {source: places[0] for source, places in found.items() if places}


def _picked(rows: Iterator[Row], places: Mapping[str, int]) -> Iterator[Row]:
    wanted, width = tuple(place - 1 for place in places.values()), max(places.values())
    for number, row in rows:
        whole = row if len(row) >= width else (*row, *(None,) * (width - len(row)))
        values = tuple(whole[place] for place in wanted)
        if any(value is not None for value in values):
            yield number, values


def _folded(value: object) -> str:
    return " ".join(str(value).split()).casefold() if isinstance(value, str) else ""


def letters(place: int) -> str:
    """Name a column, counted from 1, as a spreadsheet does: 1 is A, 27 is AA."""
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(place))
