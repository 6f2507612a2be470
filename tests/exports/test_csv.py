"""Whatever customers are called, the cells come back as they went in, and none is a formula."""

from __future__ import annotations

import csv
import unicodedata
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from targeting.exports.cells import defused, starts_a_formula
from targeting.exports.csv import encoding_name, unwritable, write_csv
from targeting.workspace.destinations import CsvForm

HOSTILE = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="=+-@＝＋－＠\t\r\n '\",;|0aء\u200b\ufeff\u202e😀", max_size=12),
    st.sampled_from(["=1+1", "@SUM(A1)", "-2+3", "+cmd|' /C calc'!A0", "\t=1", "\ufeff=1", " =1"]),
)
IN_PLACE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_back(path: Path, form: CsvForm) -> list[list[str]]:
    text = path.read_bytes().decode(form.encoding)
    return list(csv.reader(StringIO(text, newline=""), delimiter=form.delimiter))


@given(st.lists(st.tuples(HOSTILE, HOSTILE), max_size=5), st.sampled_from(",;\t|"))
@example([("", "")], ",")
@IN_PLACE
def test_every_value_survives_the_round_trip(
    tmp_path: Path, rows: list[tuple[str, str]], delimiter: str
) -> None:
    path = tmp_path / "list.csv"
    form = CsvForm(delimiter=delimiter)
    table = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String}, orient="row")
    write_csv(path, table, form)
    assert read_back(path, form) == [["a", "b"], *map(list, rows)]
    again = pl.read_csv(path, separator=delimiter, infer_schema=False).fill_null("")
    assert again.equals(table)


@given(st.lists(HOSTILE, min_size=1, max_size=8))
def test_no_defused_cell_starts_a_formula(texts: list[str]) -> None:
    column = pl.DataFrame({"a": texts})
    for text, safe in zip(texts, column.select(defused("a"))["a"], strict=True):
        assert safe in (text, "'" + text)
        if not is_plain_number(safe):
            assert unicodedata.normalize("NFKC", safe.strip())[:1] not in tuple("=+-@")
            assert safe[:1] not in tuple("\t\r\n")


def is_plain_number(text: str) -> bool:
    digits = text[1:] if text[:1] in "+-" else text
    return digits.replace(".", "", 1).isdigit() and digits.isascii() and digits[:1].isdigit()


@pytest.mark.parametrize("text", ["-12.50", "+923001234567", "0", "Ayesha", "a=b", "", "'=1"])
def test_numbers_phones_and_plain_words_are_left_alone(text: str) -> None:
    assert pl.DataFrame({"a": [text]}).select(defused("a")).item() == text


@pytest.mark.parametrize(
    "text", ["=1", "＝1", "+1+1", "＋1", "-1-1", "－1", "@a", "＠a", "\tx", "\rx", "\nx", " =1",
             "\u200b=1", "\x00=1", "﹦1", "+92 300 1234567", "-1e5x"],
)  # fmt: skip
def test_each_dangerous_beginning_is_defused(text: str) -> None:
    assert pl.DataFrame({"a": [text]}).select(defused("a")).item() == "'" + text


def test_a_missing_value_is_no_formula_and_stays_missing() -> None:
    nothing = pl.DataFrame({"a": [None]}, schema={"a": pl.String})
    assert nothing.select(starts_a_formula("a")).item() is False
    assert nothing.select(defused("a")).item() is None


def test_the_file_is_spelled_as_the_destination_says(tmp_path: Path) -> None:
    table = pl.DataFrame({"name": ["Zoë"], "city": ["Lahore"]})
    write_csv(tmp_path / "a.csv", table, CsvForm())
    assert (tmp_path / "a.csv").read_bytes() == b"\xef\xbb\xbfname,city\r\nZo\xc3\xab,Lahore\r\n"
    write_csv(tmp_path / "b.csv", table, CsvForm(delimiter=";", encoding="cp1252", newline="lf"))
    assert (tmp_path / "b.csv").read_bytes() == b"name;city\nZo\xeb;Lahore\n"
    write_csv(tmp_path / "c.csv", table, CsvForm(encoding="UTF8", newline="lf"))
    assert (tmp_path / "c.csv").read_bytes() == "name,city\nZoë,Lahore\n".encode()


def test_a_missing_value_alone_on_its_line_is_still_a_row(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    write_csv(path, pl.DataFrame({"a": [None, "x"]}), CsvForm())
    assert read_back(path, CsvForm()) == [["a"], [""], ["x"]]


def test_what_an_encoding_cannot_spell_is_found() -> None:
    names = pl.Series(["Zoë", "فاطمہ", None, "Omar"])
    assert unwritable(names, "cp1252").to_list() == [False, True, False, False]
    assert not unwritable(names, "utf-8-sig").any()
    assert not unwritable(names, "utf-16").any()


@pytest.mark.parametrize("name", ["rot13", "base64", "no-such", "hex"])
def test_what_is_no_text_encoding_has_no_name(name: str) -> None:
    assert encoding_name(name) is None
