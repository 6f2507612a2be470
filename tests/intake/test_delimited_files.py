"""CSV as shops export it: delimiters, encodings, quotes, lines too short and too long."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from targeting.intake.records import records

if TYPE_CHECKING:
    from tests.intake.conftest import Shop

AGE = "age: {type: number}\nname: {type: text}"


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_the_columns(shop: Shop, sign: str) -> None:
    content = f"customer_id{sign}age\nC1{sign}41\nC2{sign}19\n"
    read = shop.read(*shop.customers("people.csv", content, fields=AGE))
    assert read.frames["customers"].rows() == [("C1", 41.0), ("C2", 19.0)]


def test_a_misspelled_column_does_not_hide_the_delimiter(shop: Shop) -> None:
    content = "customer_id;agee;town\nC1;41;Lahore\n"
    columns = "customer_id: customer_id, age: age, town: town"
    (problem,) = shop.refused(*shop.customers("people.csv", content, columns=columns))
    assert (problem.code, problem.help) == ("I011", "did you mean 'agee'?")


def test_a_tsv_is_parted_by_tabs_and_a_given_delimiter_wins(shop: Shop) -> None:
    read = shop.read(*shop.customers("people.tsv", "customer_id\tage\nC1\t41\n", fields=AGE))
    assert read.frames["customers"].rows() == [("C1", 41.0)]
    settings = shop.customers(
        "people.csv", "customer_id:age\nC1:41\n", fields=AGE, source='delimiter: ":"'
    )
    assert shop.read(*settings).frames["customers"].rows() == [("C1", 41.0)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_read_with_and_without_a_mark(shop: Shop, encoding: str) -> None:
    content = "customer_id,name\nC1,عائشہ\n".encode(encoding)
    read = shop.read(*shop.customers("people.csv", content, fields=AGE))
    assert read.frames["customers"].rows() == [("C1", "عائشہ")]


def test_a_wrong_encoding_names_the_line_and_one_that_is_given_is_used(shop: Shop) -> None:
    content = "customer_id,name\nC1,Ana\nC2,José\n".encode("cp1252")
    (problem,) = shop.refused(*shop.customers("people.csv", content, fields=AGE))
    assert (problem.code, problem.place.file, problem.place.line) == ("I004", "people.csv", 3)
    assert problem.help is not None
    assert "encoding: cp1252" in problem.help
    settings = shop.customers("people.csv", content, fields=AGE, source="encoding: cp1252")
    assert shop.read(*settings).frames["customers"]["name"].to_list() == ["Ana", "José"]


def test_an_encoding_that_does_not_exist_is_named(shop: Shop) -> None:
    settings = shop.customers("people.csv", "customer_id\nC1\n", source="encoding: utf-9")
    (problem,) = shop.refused(*settings)
    assert (problem.code, problem.place.line) == ("I010", 5)


def test_ragged_lines_are_rejected_one_by_one(shop: Shop) -> None:
    content = "customer_id,name,age\nC1,Ayesha,41\nC2,Bilal\nC3,Hina,20,x,y\nC4,Sana,33\n"
    read = shop.read(*shop.customers("people.csv", content, fields=AGE))
    assert read.frames["customers"]["customer_id"].to_list() == ["C1", "C4"]
    assert shop.reasons(read) == [(2, None, "ragged_line"), (3, None, "ragged_line")]
    assert read.sources["customers"].rows == 4


def test_a_quoted_field_may_hold_line_breaks_delimiters_and_quotes(shop: Shop) -> None:
    content = 'customer_id,name\r\nC1,"Flat 3,\r\nClifton ""A"""\r\n\r\nC2,b\r\n'
    read = shop.read(*shop.customers("people.csv", content, fields=AGE))
    assert read.frames["customers"]["name"].to_list() == ['Flat 3,\nClifton "A"', "b"]


def test_a_quote_inside_a_word_is_a_letter(shop: Shop) -> None:
    content = 'customer_id,name\nC1,5" nail\nC2,"a ""b"" c"\nC3,6" nail, too long\n'
    read = shop.read(*shop.customers("people.csv", content, fields=AGE))
    assert read.frames["customers"]["name"].to_list() == ['5" nail', 'a "b" c']
    assert shop.reasons(read) == [(3, None, "ragged_line")]


def test_one_quote_too_many_costs_one_line(shop: Shop) -> None:
    below = "".join(f"C{n},{n}\n" for n in range(2, 50))
    read = shop.read(
        *shop.customers("people.csv", f'customer_id,name\nC1,"Ayesha\n{below}', fields=AGE)
    )
    assert shop.reasons(read) == [(1, None, "ragged_line")]
    assert read.sources["customers"].used == 48


def test_a_header_may_have_line_breaks_and_blank_lines_around_it(shop: Shop) -> None:
    content = '\n"Customer\nID",Age\n\nC1,41\n   \nC2,19\n'
    columns = r'customer_id: "Customer\nID", age: Age'
    read = shop.read(*shop.customers("people.csv", content, columns=columns, fields=AGE))
    assert read.frames["customers"].rows() == [("C1", 41.0), ("C2", 19.0)]
    assert read.sources["customers"].rows == 2


def test_a_column_alone_is_enough(shop: Shop) -> None:
    read = shop.read(*shop.customers("people.csv", 'customer_id\nC1\n\n"C2"\n'))
    assert read.frames["customers"]["customer_id"].to_list() == ["C1", "C2"]


CELL = st.text(st.sampled_from('ab,;"\n é1'), max_size=6)


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8), st.booleans())
def test_what_pythons_csv_writes_is_read_back(rows: list[tuple[str, ...]], always: bool) -> None:
    text = io.StringIO()
    plain = csv.writer(text, lineterminator="\n")
    quoted = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    (quoted if always else plain).writerows(rows)
    lines = pl.Series(text.getvalue().split("\n")[:-1], dtype=pl.String)
    parted = records(lines, ",", 3)
    assert parted.bad.is_empty()
    again = [next(csv.reader(io.StringIO(t, newline=""))) for t in parted.good["text"]]
    assert again == [list(row) for row in rows]


@given(st.text(st.sampled_from('ab,"\n'), max_size=40))
@example('a,"\nb",a\nb"a,b\n')
@example('""a","b\n')
def test_every_line_is_a_record_part_of_one_or_bad(text: str) -> None:
    lines = pl.Series(text.split("\n"), dtype=pl.String)
    parted = records(lines, ",", 2)
    numbers = sorted([*parted.good["row"], *parted.bad["row"]])
    assert numbers == list(range(1, len(numbers) + 1))
    expected = [row for row in csv.reader(io.StringIO(text, newline="")) if "".join(row).strip()]
    if all(len(row) == 2 for row in expected) and _closed(text):
        again = [next(csv.reader(io.StringIO(t, newline=""))) for t in parted.good["text"]]
        assert [row for row in again if "".join(row)] == expected


def _ends_inside(line: str, *, inside: bool) -> tuple[bool, int]:
    """Read a line sign by sign: does it end inside of quotes, and how many delimiters are in it."""
    delimiters, begins, at = 0, not inside, 0
    while at < len(line):
        if inside and line[at : at + 2] == '""':
            at += 1
        elif line[at] == '"' and (inside or begins):
            inside = not inside
        elif line[at] == "," and not inside:
            delimiters, begins = delimiters + 1, True
            at += 1
            continue
        begins = False
        at += 1
    return inside, delimiters


def _record_ends(lines: list[str], first: int, width: int) -> int:
    """Give the last line of the record that begins here; the one before where there is none."""
    inside, fields = False, 1
    for last in range(first, len(lines)):
        inside, more = _ends_inside(lines[last], inside=inside)
        fields += more
        if not inside:
            return last if fields == width else first - 1
    return first - 1


@given(st.text(st.sampled_from('ab,"\n'), max_size=60), st.integers(1, 3))
@example(',,"\n"\n,"a","\n"', 2)
@example('"s\nx,"a\n"\ny,"b\n"\n', 2)
def test_a_stray_mark_costs_its_line_and_the_lines_below_are_read_anew(
    text: str, width: int
) -> None:
    lines = text.split("\n")
    good: list[int] = []
    bad: list[int] = []
    first = number = 0
    while first < len(lines):
        last = max(first, end := _record_ends(lines, first, width))
        if any(line.strip() for line in lines[first : last + 1]):
            number += 1
            (good if end >= first else bad).append(number)
        first = last + 1
    parted = records(pl.Series(lines, dtype=pl.String), ",", width)
    assert (parted.good["row"].to_list(), parted.bad["row"].to_list()) == (good, bad)


def _closed(text: str) -> bool:
    """Say whether csv would come to the end outside of quotes and lines of separators only."""
    reader = csv.reader(io.StringIO(text + "\nend,end", newline=""))
    rows = list(reader)
    return bool(rows) and rows[-1] == ["end", "end"] and all("".join(row).strip() for row in rows)
