"""How many SMS a text is sent as: 3GPP TS 23.038 (ETSI TS 123 038), 6.2.1 and 6.2.3.

A text of the GSM 7-bit alphabet has 160 septets in one segment, or 153 in each of several; any
other is sent as UCS-2, with 70 or 67 code units of UTF-16 (TS 123 040, 9.2.3.24.1: six octets of
each further segment say which it is). A sign of the extension table takes two septets, one beyond
U+FFFF two code units; neither is split between segments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

Encoding = Literal["GSM-7", "UCS-2"]


class Segments(NamedTuple):
    """How a text is sent: units are septets of GSM-7, or 16-bit code units of UCS-2."""

    encoding: Encoding
    units: int
    segments: int


@dataclass(frozen=True)
class _Room:
    """How many units a segment holds, alone and as one of several; which signs take two."""

    alone: int
    among: int
    doubles: str  # a class of a regular expression


# The default alphabet (6.2.1) without its escape, and the extension table (6.2.1.1).
GSM_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION: Final = "\f^{}\\[~]|€"

_EXTENDED: Final = r"[\f^{}\\\[~\]|€]"
_ALL_GSM: Final = rf"^[{GSM_BASIC.replace('-', chr(92) + '-')}\f^{{}}\\\[~\]|€]*$"
_ROOMS: Final = {
    "GSM-7": _Room(160, 153, _EXTENDED),
    "UCS-2": _Room(70, 67, r"[\x{10000}-\x{10FFFF}]"),
}
_AT_ONCE: Final = 50_000  # texts whose letters are laid out beside each other


def segments(text: str) -> Segments:
    """Say how one text is sent; an empty one is no segment."""
    encoding, units, count = sms_segments(pl.Series([text], dtype=pl.String)).row(0)
    return Segments(encoding, units, count)


def sms_segments(texts: pl.Series) -> pl.DataFrame:
    """Give encoding, units and segments of each text; missing where the text is."""
    text = pl.col("text")
    frame = pl.DataFrame({"text": texts.cast(pl.String)})
    encoding = pl.when(text.str.contains(_ALL_GSM)).then(pl.lit("GSM-7")).otherwise(pl.lit("UCS-2"))
    frame = frame.with_columns(pl.when(text.is_not_null()).then(encoding).alias("encoding"))
    doubles = _by_encoding(lambda room: text.str.count_matches(room.doubles))
    frame = frame.with_columns(doubles.cast(pl.Int64).alias("doubles"))
    units = (text.str.len_chars().cast(pl.Int64) + pl.col("doubles")).alias("units")
    frame = frame.with_columns(units)
    count = (
        pl.when(pl.col("units") == 0)
        .then(0)
        .when(pl.col("units") <= _by_encoding(lambda room: pl.lit(room.alone)))
        .then(1)
        .otherwise(-(-pl.col("units") // _by_encoding(lambda room: pl.lit(room.among))))
    )
    frame = frame.with_columns(count.cast(pl.Int64).alias("segments"))
    return _with_whole_signs(frame).select("encoding", "units", "segments")


def _by_encoding(value: Callable[[_Room], pl.Expr]) -> pl.Expr:
    gsm = pl.col("encoding") == "GSM-7"
    return pl.when(gsm).then(value(_ROOMS["GSM-7"])).otherwise(value(_ROOMS["UCS-2"]))


def _with_whole_signs(frame: pl.DataFrame) -> pl.DataFrame:
    """Count again where a sign of two units could lie across the end of a segment."""
    unsure = frame.select((pl.col("segments") > 1) & (pl.col("doubles") > 0)).to_series()
    at = unsure.fill_null(value=False).arg_true()
    parts = [at.slice(start, _AT_ONCE) for start in range(0, at.len(), _AT_ONCE)]
    if not parts:
        return frame
    counts = np.concatenate([_filled_in_turn(frame[part]) for part in parts])
    return frame.with_columns(frame["segments"].scatter(at, counts))


def _filled_in_turn(frame: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Fill segment after segment of every text at once; no text here is missing."""
    widths, ends = _laid_out(frame)
    among = frame.select(_by_encoding(lambda room: pl.lit(room.among))).to_series().to_numpy()
    position = np.concatenate([[0], ends[:-1]])
    counts = np.zeros(frame.height, dtype=np.int64)
    while (unfinished := position < ends).any():
        counts += unfinished
        reached = np.searchsorted(widths, widths[position] + among, side="right") - 1
        position = np.where(unfinished, np.minimum(reached, ends), position)
    return counts


def _laid_out(frame: pl.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Give the units before each letter of all texts in one row, and where each text ends."""
    ends = frame["text"].str.len_chars().cast(pl.Int64).cum_sum().to_numpy()
    letters = np.frombuffer("".join(frame["text"]).encode("utf-32-le"), dtype=np.uint32)
    in_gsm = np.repeat((frame["encoding"] == "GSM-7").to_numpy(), np.diff(ends, prepend=0))
    extended = np.isin(letters, np.array([ord(sign) for sign in GSM_EXTENSION], dtype=np.uint32))
    double = np.where(in_gsm, extended, letters > 0xFFFF)
    return np.concatenate([[0], np.cumsum(1 + double.astype(np.int64))]), ends
