"""Ten thousand hostile names and values through every destination that the program ships with."""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from targeting.exports.contacts import write_contacts
from targeting.exports.files import Written
from targeting.exports.verify import verify
from targeting.workspace.catalogue import Field
from targeting.workspace.destinations import Destination
from targeting.workspace.forms import read_form
from targeting.workspace.settings import Shop
from targeting.workspace.starter import starter_folder
from targeting.workspace.yaml import read_yaml

SHOP = Shop(currency="PKR", region="PK", locale="en_PK")
FIELDS = {
    name: Field(name, "text", "customers", personal=True)
    for name in ("first_name", "email", "phone", "hidden")
}
MANY = 10_000
HIDDEN = "zzhidden"
PIECES = (
    "=", "+", "-", "@", "\t", "\r", "\n", "\r\n", "＝", "＋", "－", "＠", "﹣", "'", '"', '""', ",",
    ";", "|", "\x00", "\x1b", "\u202e", "\u200f", "\u200b", "\ufeff", "\xa0", "فاطمہ", "שלום", "😀",
    "👩‍👧", "e\u0301", "1", "-5", "1+1", "cmd|' /C calc'!A0", "HYPERLINK(\"http://a.example\")",
    "DDE", "</t>", "&lt;", "../", "..\\", "C:\\", "NULL", "NaN", " ", "Zoë", "O'Neil", "{{ x }}",
    "_x000D_", "_x0041_",
)  # fmt: skip
STARTS = re.compile(
    r"^(?:[\s\x00-\x1f\u200b-\u200f\u202a-\u202e\ufeff]*[=+\-@＝＋－＠﹣]|[\t\r\n])"
)
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?$")


def shipped() -> dict[str, Destination]:
    found = {}
    for path in sorted((starter_folder() / "exports").glob("*.yaml")):
        file, problems = read_yaml(path, path.name)
        form, more = read_form(file, Destination)
        assert problems + more == []
        assert form is not None
        found[path.stem] = form.model_copy(update={"active": True})
    return found


SHIPPED = shipped()


def hostile(chance: random.Random) -> str | None:
    made = "".join(chance.choices(PIECES, k=chance.randint(0, 4)))
    return made or chance.choice([None, "", "plain"])


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    chance = random.Random(15)  # noqa: S311  # no secret
    rows = []
    for number in range(MANY):
        channel = chance.choice(["email", "sms", "call"])
        email = chance.choice([f"Person{number}@Example.com", f"=cmd{number}@example.com"])
        phone = f"0300{number:07d}"
        rows.append(
            {
                "customer_id": f"C{number}" if number % 7 else f"={number}", "hidden": HIDDEN,
                "first_name": hostile(chance), "email": email, "phone": phone,
                "rule": f"rule_{number % 2}", "kind": "marketing",
                "segment": ["=Premium|../x", "VIP\\..\\..", None, "نئے گاہک"][number % 4],
                "likelihood": chance.choice([None, 0.5]), "channel": channel,
                "address": email.lower() if channel == "email" else f"+92300{number:07d}",
                "offer": hostile(chance), "message": hostile(chance), "because": hostile(chance),
            }
        )  # fmt: skip
    kinds = dict.fromkeys(["segment", "first_name", "offer", "message", "because"], pl.String)
    frame = pl.DataFrame(rows, schema_overrides=kinds)
    return frame.sort("rule", "segment", "customer_id", nulls_last=True)


@pytest.fixture(scope="module")
def out(
    people: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[Written], pl.DataFrame]:
    folder = tmp_path_factory.mktemp("shop") / "run"
    folder.mkdir()
    files, refused = write_contacts(folder, people, SHIPPED, shop=SHOP, texts=FIELDS, draft=False)
    verify(folder, files, SHIPPED)
    return folder, files, refused


def destination_of(path: str) -> str:
    first, second, *_ = path.split("/")
    return "contact_list" if first == "contacts" else second


def rows_of(path: Path, form: Destination) -> list[list[str]]:
    text = path.read_bytes().decode(form.csv.encoding)
    return list(csv.reader(StringIO(text, newline=""), delimiter=form.csv.delimiter))


def tables(
    out: tuple[Path, list[Written], pl.DataFrame],
) -> Iterator[tuple[Path, str, Destination, list[list[str]]]]:
    folder, files, _ = out
    for file in files:
        name = destination_of(file.path)
        if file.path.endswith(".csv"):
            path = folder / file.path
            yield path, name, SHIPPED[name], rows_of(path, SHIPPED[name])


def test_no_cell_of_any_file_starts_a_formula(
    out: tuple[Path, list[Written], pl.DataFrame],
) -> None:
    seen = 0
    for _, _, _, rows in tables(out):
        for cell in (cell for row in rows for cell in row):
            seen += 1
            assert not STARTS.match(cell) or NUMBER.fullmatch(cell), repr(cell)
    assert seen > 4 * MANY


def test_each_customer_is_written_or_refused_by_each_destination(
    out: tuple[Path, list[Written], pl.DataFrame], people: pl.DataFrame
) -> None:
    written = dict.fromkeys(SHIPPED, 0)
    for _, name, _, rows in tables(out):
        written[name] += len(rows) - 1
    for name, form in SHIPPED.items():
        wanted = people.filter(pl.col("channel").is_in(list(form.only.channel))).height
        refused = out[2].filter(destination=name).height
        assert written[name] + refused == wanted, name
        assert written[name] > 0, name
    assert out[2].filter(destination="contact_list").is_empty()


def test_what_a_person_reads_is_what_was_there_but_for_the_mark(
    out: tuple[Path, list[Written], pl.DataFrame], people: pl.DataFrame
) -> None:
    given = {row["customer_id"]: row for row in people.iter_rows(named=True)}
    for _, name, form, rows in tables(out):
        if name == "contact_list":
            for row in rows[1:]:
                cells = dict(zip(form.headers, row, strict=True))
                whole = given[cells["customer_id"].removeprefix("'")]
                for field in ("offer", "message", "because", "address"):
                    cell, value = cells[field], whole[field] or ""
                    assert cell in (value, f"'{value}"), (cell, value)


def test_what_a_machine_reads_was_not_altered(
    out: tuple[Path, list[Written], pl.DataFrame], people: pl.DataFrame
) -> None:
    messages = {row["customer_id"]: row["message"] for row in people.iter_rows(named=True)}
    names = {row["email"].lower(): row["first_name"] for row in people.iter_rows(named=True)}
    for _, name, form, rows in tables(out):
        for row in rows[1:]:
            cells = dict(zip(form.headers, row, strict=True))
            if name == "sms_gateway":
                assert cells["message"] == messages[cells["reference"]]
            if name == "mailchimp":
                assert cells["First Name"] == (names[cells["Email Address"]] or "")


def test_nothing_personal_is_where_it_was_not_asked_for(
    out: tuple[Path, list[Written], pl.DataFrame],
) -> None:
    for path, name, form, rows in tables(out):
        text = path.read_bytes().decode(form.csv.encoding).lower()
        assert HIDDEN not in text
        assert rows[0] == list(form.headers)
        raw = {one.field for one in form.headers.values() if one.hash is None}
        if not raw & {"email", "address", "message"}:
            assert "@example.com" not in text, name
        if not raw & {"phone", "address", "message"}:
            assert "923000" not in text, name


def test_no_file_is_outside_the_runs_folder(
    out: tuple[Path, list[Written], pl.DataFrame],
) -> None:
    folder, files, _ = out
    there = {path for path in folder.parent.rglob("*") if path.is_file()}
    assert there == {folder / file.path for file in files}
    assert all(path.resolve().is_relative_to(folder.resolve()) for path in there)
    assert all(re.fullmatch(r"[\w./]+", file.path) for file in files)


def test_polars_reads_the_same_cells(
    out: tuple[Path, list[Written], pl.DataFrame],
) -> None:
    for path, _, form, rows in tables(out):
        frame = pl.read_csv(path, separator=form.csv.delimiter, infer_schema=False)
        assert [frame.columns, *map(list, frame.fill_null("").iter_rows())] == rows


def test_pandas_reads_the_same_cells(
    out: tuple[Path, list[Written], pl.DataFrame],
) -> None:
    pandas = pytest.importorskip("pandas")
    for path, _, form, rows in tables(out):
        frame = pandas.read_csv(
            path, sep=form.csv.delimiter, encoding=form.csv.encoding, dtype=str,
            keep_default_na=False, skip_blank_lines=False, engine="python",
        )  # fmt: skip
        assert [list(frame.columns), *frame.to_numpy().tolist()] == rows


def test_workbooks_have_the_cells_of_the_lists(
    out: tuple[Path, list[Written], pl.DataFrame],
) -> None:
    path = next(path for path, *_ in tables(out) if path.with_suffix(".xlsx").exists())
    rows = rows_of(path, SHIPPED["contact_list"])
    book = openpyxl.load_workbook(path.with_suffix(".xlsx"), read_only=True)
    sheet = book.worksheets[0]
    shown = list(sheet.iter_rows(values_only=True))
    book.close()
    assert len(shown) == len(rows)
    assert not any(str(cell).startswith(("=", "+", "@")) for row in shown for cell in row
                   if not NUMBER.fullmatch(str(cell)))  # fmt: skip
    frame = pl.read_excel(path.with_suffix(".xlsx"), drop_empty_rows=False, infer_schema_length=0)
    texts = [header for header in rows[0] if header != "likelihood"]
    for header in texts:
        column = rows[0].index(header)
        assert frame[header].fill_null("").to_list() == [row[column] for row in rows[1:]]


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_each_says_where_its_form_is_described(name: str) -> None:
    form = SHIPPED[name]
    assert form.title
    assert form.source or name == "contact_list"
    assert form.read_by == ("person" if name == "contact_list" else "machine")
    if "audience" in name or "customer_match" in name:
        assert all(one.hash for one in form.headers.values())
