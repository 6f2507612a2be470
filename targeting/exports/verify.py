"""The last look before a run is published: each list as it lies there, held to its promises."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

import polars as pl

from targeting.exports.cells import defused, starts_a_formula
from targeting.exports.contacts import CONTACT_LIST, written_lists
from targeting.exports.csv import LINE_ENDS, UTF8, encoding_name
from targeting.exports.files import Written
from targeting.exports.normal import FORMS, SHA256
from targeting.workspace.destinations import ColumnForm, Destination

_BOM: Final = b"\xef\xbb\xbf"
_FORMULA_CELL: Final = re.compile(rb"<f[ >/]")
_ROW: Final = re.compile(rb"<row ")
_EXPONENT: Final = r"^-[0-9.]+[eE][+-]?[0-9]+$"  # a number of a workbook, as its reader spells it
_CHUNK: Final = 1 << 20
_LONGEST_TAG: Final = 5  # of the two that are counted

_Fault = tuple[str, pl.Expr]  # in words; true where a row has it


def verify(folder: Path, files: Iterable[Written], destinations: Mapping[str, Destination]) -> None:
    """Read each file that `write_contacts` or `write_suggestions` left, as its reader would.

    Held against its destination: the headers and no others, encoding and line ends, the number of
    rows and the most that a file may have, the form of hashes, addresses and constants, no empty
    cell where one is required, no cell that starts a formula.

    Raises:
        RuntimeError: a file breaks a promise. That is a defect of the program, not of a file of the
            owner's, and stops the run. It names the file and the column, and no value.
    """
    known = written_lists(destinations) | dict(destinations)
    for file in files:
        fault = next(_faults(folder / file.path, file, known[_destination(file.path)]), None)
        if fault is not None:
            raise RuntimeError(f"{file.path} is not as its destination wants it: {fault}")


def _destination(path: str) -> str:
    first, second, *_ = path.split("/")
    return CONTACT_LIST if first == "contacts" else second


def _faults(path: Path, file: Written, destination: Destination) -> Iterator[str]:
    if destination.split_at is not None and file.rows > destination.split_at:
        yield f"{file.rows} rows"
    if path.suffix == ".xlsx":
        yield from _sheet_faults(path, file.rows)
        table = pl.read_excel(
            path, engine="calamine", infer_schema_length=0, drop_empty_rows=False,
            drop_empty_cols=False,
        )  # fmt: skip
    else:
        data = path.read_bytes()
        yield from _byte_faults(data, destination)
        table = _as_texts(data, destination)
        if table.height != file.rows:
            yield f"{table.height} rows and not {file.rows}"
    headers = _headers(destination)
    if table.columns != list(headers):
        yield f"the headers {table.columns}"
        return
    forms = zip(headers, destination.headers.values(), strict=True)
    tests = [test for header, form in forms for test in _tests(header, form, destination)]
    found = table.select(test.any().alias(str(at)) for at, (_, test) in enumerate(tests)).row(0)
    yield from (words for (words, _), is_so in zip(tests, found, strict=True) if is_so)


def _byte_faults(data: bytes, destination: Destination) -> Iterator[str]:
    """Look at what only bytes show: the mark at the beginning, and how lines end."""
    encoding = encoding_name(destination.csv.encoding)
    if encoding in UTF8 and data.startswith(_BOM) != (encoding == "utf-8-sig"):
        yield "its first bytes are not those of its encoding"
    end = LINE_ENDS[destination.csv.newline]
    text = data.decode(encoding or "utf-8") if encoding not in UTF8 else ""
    if not (text.endswith(end) if text else data.endswith(end.encode())):
        yield "its last line ends otherwise"


def _as_texts(data: bytes, destination: Destination) -> pl.DataFrame:
    encoding = encoding_name(destination.csv.encoding)
    if encoding not in UTF8:
        data = data.decode(encoding or "utf-8").encode()
    return pl.read_csv(
        BytesIO(data), separator=destination.csv.delimiter, infer_schema=False, encoding="utf8"
    )


def _sheet_faults(path: Path, rows: int) -> Iterator[str]:
    """Look for formulas in a workbook's sheet, and count its rows, its header among them."""
    formulas = found = 0
    with zipfile.ZipFile(path) as parts, parts.open("xl/worksheets/sheet1.xml") as sheet:
        rest = b""
        while chunk := sheet.read(_CHUNK):
            seen = rest + chunk
            rest = seen[-(_LONGEST_TAG - 1) :]
            found += len(_ROW.findall(seen)) - len(_ROW.findall(rest))
            formulas += len(_FORMULA_CELL.findall(seen))
    found += len(_ROW.findall(rest))
    if formulas:
        yield "a cell with a formula"
    if found != rows + 1:
        yield f"{found - 1} rows and not {rows}"


def _headers(destination: Destination) -> Mapping[str, None]:
    headers = pl.Series("header", list(destination.headers))
    if destination.read_by == "person":
        headers = headers.to_frame().select(defused("header")).to_series()
    return dict.fromkeys(headers)


def _tests(header: str, form: ColumnForm, destination: Destination) -> Iterator[_Fault]:
    cell = pl.col(header).fill_null("")
    yield f"a formula under '{header}'", starts_a_formula(header) & ~cell.str.contains(_EXPONENT)
    if form.required:
        yield f"nothing under '{header}'", cell.str.strip_chars() == ""
    if form.value is not None and form.hash is None and form.normalise is None:
        constant = pl.select(pl.lit(form.value).alias("value"))
        if destination.read_by == "person":
            constant = constant.select(defused("value"))
        yield f"another value under '{header}'", cell != constant.item()
    pattern = SHA256 if form.hash else FORMS[form.normalise] if form.normalise else None
    if pattern is not None:
        yield (
            f"no {form.hash or form.normalise} under '{header}'",
            ~cell.str.contains(pattern) & (cell != ""),
        )
