"""A delimited file in stretches of bytes: each can be read by itself, wherever the file is seen."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import polars as pl

from targeting.frames import ROW
from targeting.intake.delimited_fields import Head, fields_of, picked
from targeting.intake.opened import Cells, Origin, Stretch
from targeting.intake.records import records

_LARGEST, _SMALLEST = 1 << 26, 1 << 16  # bytes


@dataclass(frozen=True)
class Stretches:
    """A UTF-8 file below its header, cut at ends of lines.

    A line may end within a quoted field. So a stretch is first asked `goes_on`; where the last
    record of one goes on in the next, the next has to begin with that record.
    """

    origin: Origin
    path: Path
    head: Head

    def cut(self, parts: int) -> list[Stretch]:
        """Cut the lines below the header into about so many stretches; none where there is no line.

        No stretch is larger than 64 MB and a line; a small file is cut into fewer.
        """
        end = self.path.stat().st_size
        with self.path.open("rb") as file:
            for _ in range(self.head.lines):
                file.readline()
            starts = [file.tell()]
            size = min(_LARGEST, max(_SMALLEST, (end - starts[0]) // parts))
            while (at := starts[-1] + size) < end:
                file.seek(at)
                file.readline()
                starts.append(file.tell())
        return [Stretch(*each) for each in pairwise([*starts, end]) if each[0] < end]

    def goes_on(self, stretch: Stretch) -> int | None:
        """Say where the record begins that this stretch does not end; None where it ends all."""
        written = self._bytes(stretch)
        if b'"' not in written:
            return None
        lines = _lines(written)
        parted = records(lines, self.head.delimiter, len(self.head.headers), more=True)
        if parted.open_from is None:
            return None
        at = 0
        for _ in range(parted.open_from):
            at = written.index(b"\n", at) + 1
        return stretch.start + at

    def cells(self, columns: Mapping[str, int], stretch: Stretch) -> Cells:
        """Read a stretch as if it were the file."""
        lines = _lines(self._bytes(stretch))
        parted = records(lines, self.head.delimiter, len(self.head.headers))
        frame = picked(fields_of(parted.good["text"], self.head), columns)
        return Cells(frame.with_columns(parted.good[ROW]), parted.bad)

    def _bytes(self, stretch: Stretch) -> bytes:
        with self.path.open("rb") as file:
            file.seek(stretch.start)
            return file.read(stretch.end - stretch.start)


def settled(
    stretches: Sequence[Stretch], ask: Callable[[list[Stretch]], Sequence[int | None]]
) -> list[Stretch]:
    """Let each stretch begin with the record that the one before does not end.

    The first begins rightly, so its end is known; each round settles at least one more.

    Parameters:
        ask: gives for each of some stretches what `goes_on` says of it.
    """
    begins = [stretch.start for stretch in stretches]
    goes_on: list[int | None] = [None for _ in stretches]
    asked = list(range(len(stretches)))
    while asked:
        answers = ask([Stretch(begins[at], stretches[at].end) for at in asked])
        for at, answer in zip(asked, answers, strict=True):
            goes_on[at] = answer
        before = begins
        later = zip(goes_on, stretches[1:], strict=False)
        begins = [stretches[0].start, *(open_from or cut.start for open_from, cut in later)]
        asked = [at for at, start in enumerate(begins) if start != before[at]]
    ends = [*begins[1:], *(stretch.end for stretch in stretches[-1:])]
    return list(map(Stretch, begins, ends))


def _lines(written: bytes) -> pl.Series:
    if not written:
        return pl.Series(dtype=pl.String)
    return pl.scan_lines(io.BytesIO(written)).collect().to_series()
