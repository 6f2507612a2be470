"""A text file as UTF-8, whatever it was; bytes that are no text are refused with their line."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from pathlib import Path

from targeting.intake.opened import Origin
from targeting.problems import refuse

LONGEST_FIRST_LINE = 1_000_000
_CHUNK = 1 << 22

Text = Path | io.BytesIO  # a path where the file is UTF-8 already: it is not copied then

_SIGNATURES = {
    b"PK\x03\x04": ("a workbook or zip archive", "format: xlsx"),
    b"PAR1": ("a Parquet file", "format: parquet"),
    b"\x1f\x8b": ("compressed", "unpack it first"),
    b"\xd0\xcf\x11\xe0": ("an old workbook", "save it as XLSX"),
    b"%PDF": ("a PDF", "export the data as CSV"),
}


def utf8_text(origin: Origin, *, first_line_ends: bool = True) -> Text:
    """Check that a file is text and give it as UTF-8.

    Raises:
        Refused: for an empty file, other formats, NUL bytes, a wrong encoding, an endless first
            line (`first_line_ends`: the format has lines).
    """
    with origin.path.open("rb") as file:
        head = file.read(LONGEST_FIRST_LINE + 1)
    for signature, (what, instead) in _SIGNATURES.items():
        if head.startswith(signature):
            raise refuse("I005", f"{origin.shown} is {what}, not text", origin.line(1), instead)
    if first_line_ends and len(head) > LONGEST_FIRST_LINE and not {10, 13} & set(head):
        message = f"{origin.shown}: the first line is longer than 1 MB, so it is no header"
        raise refuse("I006", message, origin.line(1), "is this the right file, one record a line?")
    encoding = _encoding(origin, head)
    if encoding != "utf-8":
        return _transcoded(origin, encoding)
    _check_utf8(origin)
    old_mac = first_line_ends and b"\r" in head and b"\n" not in head
    return io.BytesIO(origin.path.read_bytes().replace(b"\r", b"\n")) if old_mac else origin.path


def _encoding(origin: Origin, head: bytes) -> str:
    """Decide by targeting.yaml, else by the byte order mark, else UTF-8."""
    given = origin.form.encoding
    if given is None:
        return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    try:
        b"".decode(given)
        name = codecs.lookup(given).name
    except LookupError:
        message = f"'{given}' is not an encoding"
        place = origin.place("encoding")
        raise refuse("I010", message, place, "utf-8, utf-16, cp1252, …") from None
    return "utf-8" if name in ("utf-8", "utf-8-sig", "ascii") else given


def _check_utf8(origin: Origin) -> None:
    lines = 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    for chunk in _chunks(origin.path):
        if b"\0" in chunk:
            raise _nul(origin, lines + chunk.count(b"\n", 0, chunk.index(b"\0")) + 1)
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            # The decoder may have kept the first bytes of a sign from the chunk before.
            at = max(0, len(chunk) - (len(error.object) - error.start))
            raise _not_utf8(origin, lines + chunk.count(b"\n", 0, at) + 1) from None
        lines += chunk.count(b"\n")
    if decoder.getstate()[0]:
        raise _not_utf8(origin, lines + 1)


def _transcoded(origin: Origin, encoding: str) -> io.BytesIO:
    text = io.BytesIO()
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 0
    try:
        for chunk in [*_chunks(origin.path), b""]:
            part = decoder.decode(chunk, final=not chunk)
            if "\0" in part:
                raise _nul(origin, lines + part.count("\n", 0, part.index("\0")) + 1)
            lines += part.count("\n")
            text.write(part.encode())
    except UnicodeError:
        message = f"{origin.shown} is not {encoding}"
        help_ = "give the encoding that the file was saved in, or save it as UTF-8"
        raise refuse("I004", message, origin.line(lines + 1), help_) from None
    text.seek(0)
    return text


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _not_utf8(origin: Origin, line: int) -> Exception:
    message = f"{origin.shown} is not UTF-8: line {line}"
    help_ = f"save it as UTF-8, or say under {origin.source}, encoding: cp1252"
    return refuse("I004", message, origin.line(line), help_)


def _nul(origin: Origin, line: int) -> Exception:
    message = f"{origin.shown} holds NUL bytes, so it is no text: line {line}"
    help_ = "is this the right file? UTF-16 without its mark: encoding: utf-16-le"
    return refuse("I005", message, origin.line(line), help_)
