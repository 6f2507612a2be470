"""SMS are counted as the standard counts them: septets, code units, and whole signs."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from targeting.exports.sms import GSM_BASIC, GSM_EXTENSION, segments, sms_segments


def counted(text: str) -> tuple[str, int, int]:
    """Fill segments sign by sign, as the standard describes it: slow, and written apart."""
    widths = [1 if s in GSM_BASIC else 2 if s in GSM_EXTENSION else 0 for s in text]
    encoding, alone, among = "GSM-7", 160, 153
    if 0 in widths:
        encoding, alone, among = "UCS-2", 70, 67
        widths = [len(sign.encode("utf-16-le")) // 2 for sign in text]
    units = sum(widths)
    if units <= alone:
        return encoding, units, int(units > 0)
    number, room = 1, among
    for width in widths:
        if width > room:
            number, room = number + 1, among
        room -= width
    return encoding, units, number


def test_the_alphabet_is_that_of_the_standard() -> None:
    # TS 23.038 6.2.1 has 128 places, one of them the escape; 6.2.1.1 has ten signs.
    assert len(set(GSM_BASIC)) == 127
    assert len(set(GSM_EXTENSION)) == 10
    # Places of the table, counted from 0: row by row as it is printed.
    table = GSM_BASIC[:27] + "\x1b" + GSM_BASIC[27:]
    places = {"@": 0x00, "Ç": 0x09, "\n": 0x0A, "\r": 0x0D, "Δ": 0x10, "É": 0x1F, " ": 0x20,
              "¤": 0x24, "?": 0x3F, "¡": 0x40, "Z": 0x5A, "§": 0x5F, "¿": 0x60, "à": 0x7F}  # fmt: skip
    assert {sign: table.index(sign) for sign in places} == places


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("GSM-7", 0, 0)),
        ("a" * 160, ("GSM-7", 160, 1)),
        ("a" * 161, ("GSM-7", 161, 2)),
        ("a" * 306, ("GSM-7", 306, 2)),
        ("a" * 307, ("GSM-7", 307, 3)),
        ("€" * 80, ("GSM-7", 160, 1)),
        ("€" * 81, ("GSM-7", 162, 2)),
        ("a" * 152 + "€" + "b" * 151, ("GSM-7", 305, 2)),  # as many as two hold exactly
        ("a" * 152 + "€" + "b" * 152, ("GSM-7", 306, 3)),  # the escape may not end a segment
        ("Dear Zoë", ("UCS-2", 8, 1)),
        ("ç", ("UCS-2", 1, 1)),  # the alphabet has only the capital
        ("a\tb", ("UCS-2", 3, 1)),
        ("’" * 70, ("UCS-2", 70, 1)),
        ("’" * 71, ("UCS-2", 71, 2)),
        ("😀" * 35, ("UCS-2", 70, 1)),
        ("😀" * 36, ("UCS-2", 72, 2)),
        ("’" * 66 + "😀" + "’" * 66, ("UCS-2", 134, 3)),  # a pair may not be split
        ("علی", ("UCS-2", 3, 1)),
    ],
)
def test_known_texts(text: str, expected: tuple[str, int, int]) -> None:
    assert segments(text) == expected
    assert counted(text) == expected


_SIGNS = st.sampled_from("aZ 9\n€[~^’ع😀ü") | st.sampled_from(GSM_BASIC) | st.characters()
_TEXTS = st.text("a€", min_size=150, max_size=700) | st.text("’😀", max_size=300) | st.text(_SIGNS)


@given(st.lists(st.none() | _TEXTS, max_size=6))
@example([None, "", "€" * 400, "😀" * 400])
def test_a_column_is_counted_as_sign_by_sign(texts: list[str | None]) -> None:
    found = sms_segments(pl.Series(texts, dtype=pl.String)).rows()
    assert found == [(None, None, None) if text is None else counted(text) for text in texts]
