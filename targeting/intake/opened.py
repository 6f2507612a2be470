"""What every kind of file is to the rest of intake: headers, then the cells of some columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import polars as pl

from targeting.frames import REASON, ROW
from targeting.problems import Place, Refused, refuse
from targeting.workspace.columns import SourceName
from targeting.workspace.databases import Address
from targeting.workspace.load import Workspace
from targeting.workspace.settings import Source

VALUE = "value"
BAD_LINES = {ROW: pl.UInt32(), VALUE: pl.String(), REASON: pl.String()}


@dataclass(frozen=True)
class Origin:
    """One source and the file that it is read from tonight."""

    workspace: Workspace
    source: SourceName
    path: Path
    shown: str
    replaced: bool  # by --source: the file is not the one of targeting.yaml

    @property
    def form(self) -> Source:
        """What targeting.yaml says of the source."""
        return self.workspace.settings.sources[self.source]

    @property
    def database(self) -> Address | None:
        """Say where the database is that the source is read from; None for a file."""
        if self.form.source is None or self.replaced:
            return None
        return Address(self.form.source, self.form.password_env, self.workspace.folder)

    @property
    def name(self) -> str:
        """Give the file's name without its folder, or the database and the table in it."""
        if self.database is None:
            return self.path.name
        return f"{self.database.shown} {self.form.table or '(query)'}"

    def place(self, *keys: str) -> Place:
        """Find a setting of this source; that of a replaced file is the file itself."""
        if self.replaced and keys == ("file",):
            return Place(self.shown)
        if self.database is not None and keys == ("file",):
            keys = ("source",)
        return self.workspace.place("targeting.yaml", "sources", self.source, *keys)

    def line(self, number: int) -> Place:
        """Point into the data file."""
        return Place(self.shown, max(1, number))

    def broken(self, what: str, instead: str | None = None) -> Refused:
        """Make the error for a file that cannot be read as what it should be."""
        return refuse("I007", f"{self.shown}: {what}", self.place("file"), instead)


@dataclass(frozen=True)
class Cells:
    """The cells as the file types them.

    `frame` has one row a record: ROW (from 1) and one column for each of our names.
    `bad_lines` has one row for each line that is no record: ROW, its text, the reason.
    """

    frame: pl.DataFrame
    bad_lines: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BAD_LINES))
    # A workbook's cells come as the machine's text: 1234.5 and 2024-12-31 00:00:00, however the
    # column's own texts are written.
    machine_text: bool = False
    sums: pl.DataFrame | None = None  # of the rows that a database answered; None for a file

    @property
    def rows(self) -> int:
        """How many records and lines there were."""
        return self.frame.height + self.bad_lines.height


class Elsewhere(Protocol):
    """What knows tables that nobody reads from here."""

    def open(self, origin: Origin) -> Opened:
        """Open a source whose `source` is spark.

        Raises:
            Refused: I052 no such table or query.
        """
        ...


class Stretch(NamedTuple):
    """A part of a file that ends where a line ends; places are in bytes."""

    start: int
    end: int


class Stretched(Protocol):
    """A text in stretches, each of which can be read by itself, wherever the file is seen."""

    def cut(self, parts: int) -> list[Stretch]:
        """Cut the lines below the header into about so many stretches."""
        ...

    def goes_on(self, stretch: Stretch) -> int | None:
        """Say where the record begins that this stretch does not end; None where it ends all."""
        ...

    def cells(self, columns: Mapping[str, int], stretch: Stretch) -> Cells:
        """Read a stretch as if it were the file.

        Raises:
            Refused: where its quotation marks do not pair up.
        """
        ...


@dataclass(frozen=True)
class Opened:
    """A file that proved readable; `cells` reads the columns at these positions.

    `pieces`, where a kind of file can be read so, gives the cells so many rows at a time; `rows`
    counts them. Wherever the file is seen, `stretches` reads a text in parts, and `part` so many
    rows of a folder from a place on; `files` are those of the folder.
    """

    headers: tuple[str, ...]
    cells: Callable[[Mapping[str, int]], Cells]
    pieces: Callable[[Mapping[str, int], int], Iterator[Cells]] | None = None
    rows: Callable[[], int] = lambda: 0
    stretches: Stretched | None = None
    files: tuple[Path, ...] = ()
    part: Callable[[Mapping[str, int], int, int], Cells] | None = None
