"""JSON, one object a line, workbooks and Parquet give the same rows as CSV would."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest
from deltalake import DeltaTable

if TYPE_CHECKING:
    from targeting.intake.read import Read
    from tests.intake.conftest import Content, Shop

FIELDS = "age: {type: number}\njoined_on: {type: date}\nvip: {type: yes/no}\nspent: {type: money}"
ROWS: list[dict[str, Any]] = [
    {"customer_id": 5, "age": 41, "joined_on": dt.date(2024, 1, 2), "vip": True, "spent": 1.005},
    {"customer_id": 6, "age": None, "joined_on": None, "vip": False, "spent": 2.5},
]
READ = [("5", 41.0, dt.date(2024, 1, 2), True, 101), ("6", None, None, False, 250)]


def workbook(rows: list[list[Any]], title: str = "On hand") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def as_file(kind: str) -> Content:
    match kind:
        case "parquet":
            return pl.DataFrame(ROWS)
        case "xlsx":
            return workbook([list(ROWS[0]), *(list(row.values()) for row in ROWS)])
        case "csv":
            return pl.DataFrame(ROWS).write_csv()
    texts = [json.dumps(row, default=str) for row in ROWS]
    return "\n".join(texts) if kind == "ndjson" else f"[{','.join(texts)}]"


@pytest.mark.parametrize("kind", ["csv", "json", "ndjson", "parquet", "xlsx"])
def test_every_format_gives_the_same_rows(shop: Shop, kind: str) -> None:
    read = shop.read(*shop.customers(f"people.{kind}", as_file(kind), fields=FIELDS))
    assert read.frames["customers"].rows() == READ
    assert read.sources["customers"].sha256


def test_a_whole_number_is_an_id_without_a_point(shop: Shop) -> None:
    frame = pl.DataFrame({"customer_id": [5.0, 12345678901.0, None], "town": ["a", "b", "c"]})
    read = shop.read(*shop.customers("people.parquet", frame, fields="town: {type: text}"))
    assert read.frames["customers"]["customer_id"].to_list() == ["5", "12345678901"]


def test_mixed_types_in_json_are_read_as_text(shop: Shop) -> None:
    content = '[{"customer_id": 1, "age": "41"}, {"customer_id": "A-2", "age": 19, "x": {"y": 1}}]'
    read = shop.read(*shop.customers("people.json", content, fields=FIELDS))
    assert read.frames["customers"].rows() == [("1", 41.0), ("A-2", 19.0)]


def test_json_that_nests_here_and_not_there_is_read_all_the_same(shop: Shop) -> None:
    content = '[{"customer_id": 1, "x": {"y": 1}}, {"customer_id": 2, "x": 3, "age": NaN}]'
    read = shop.read(*shop.customers("people.json", content, fields=FIELDS))
    assert read.frames["customers"].rows() == [("1", None), ("2", None)]
    assert read.sources["customers"].not_finite == {"age": 1}


def test_a_mapped_column_of_lists_is_a_problem(shop: Shop) -> None:
    content = '[{"customer_id": 1, "age": [4]}, {"customer_id": 2, "age": [5]}]'
    columns = "customer_id: customer_id, age: age"
    (problem,) = shop.refused(*shop.customers("people.json", content, columns=columns))
    assert problem.code == "I013"


def test_a_bad_line_of_ndjson_is_rejected_alone(shop: Shop) -> None:
    content = '{"customer_id": 1}\n{"customer_id": \n\n[2]\n{"customer_id": 3}\n'
    read = shop.read(*shop.customers("people.ndjson", content))
    assert read.frames["customers"]["customer_id"].to_list() == ["1", "3"]
    assert shop.reasons(read) == [(2, None, "unreadable_line"), (3, None, "unreadable_line")]


def test_json_cut_off_is_reported_at_its_line(shop: Shop) -> None:
    content = '[{"customer_id": 1},\n {"customer_id": 2},\n {"custo'
    (problem,) = shop.refused(*shop.customers("people.json", content))
    assert (problem.place.file, problem.place.line) == ("people.json", 3)


def test_objects_line_by_line_in_json_propose_the_format(shop: Shop) -> None:
    content = '{"customer_id": 1}\n{"customer_id": 2}\n'
    (problem,) = shop.refused(*shop.customers("people.json", content))
    assert problem.help == "one object a line: format: ndjson"
    read = shop.read(*shop.customers("people.json", content, source="format: ndjson"))
    assert read.sources["customers"].used == 2


@pytest.mark.parametrize(("file", "content"), [("people.json", " [ ]\n"), ("people.ndjson", "\n")])
def test_no_objects_are_no_rows(shop: Shop, file: str, content: str) -> None:
    read = shop.read(*shop.customers(file, content, fields=FIELDS))
    assert read.frames["customers"].is_empty()


def test_a_sheet_is_found_by_name_and_a_wrong_name_lists_the_others(shop: Shop) -> None:
    rows: list[list[Any]] = [["customer_id", "age"], [None, None], ["C1", 41], [7, 19]]
    settings = shop.customers("p.xlsx", workbook(rows), fields=FIELDS, source="sheet: On hand")
    assert shop.read(*settings).frames["customers"].rows() == [("C1", 41.0), ("7", 19.0)]
    settings = shop.customers("p.xlsx", workbook(rows), source="sheet: Customers")
    (problem,) = shop.refused(*settings)
    assert (problem.code, problem.help) == ("I009", "its sheets: On hand")


def test_a_workbooks_own_dates_and_numbers_read_beside_texts_of_another_form(shop: Shop) -> None:
    rows: list[list[Any]] = [
        ["customer_id", "joined_on", "spent"],
        ["C1", dt.date(2024, 1, 2), 1234.5],
        ["C2", "31/12/2023", "1.234,50"],
    ]
    fields = (
        'joined_on: {type: date, format: "%d/%m/%Y"}\nspent: {type: money, numbers: "1.234,56"}'
    )
    read = shop.read(*shop.customers("people.xlsx", workbook(rows), fields=fields))
    assert read.frames["customers"]["joined_on"].to_list() == [
        dt.date(2024, 1, 2),
        dt.date(2023, 12, 31),
    ]
    assert read.frames["customers"]["spent"].to_list() == [123450, 123450]


def test_an_empty_sheet_is_a_problem(shop: Shop) -> None:
    (problem,) = shop.refused(*shop.customers("people.xlsx", workbook([])))
    assert problem.code == "I003"


def test_parquet_types_are_kept_and_narrow_ones_read(shop: Shop) -> None:
    frame = pl.DataFrame(
        {
            "customer_id": pl.Series([1, 2], dtype=pl.UInt8),
            "age": pl.Series(["41", "19"]).cast(pl.Categorical),
            "spent": pl.Series(["1.50", "-2.25"]).cast(pl.Decimal(10, 2)),
            "vip": pl.Series([1, 0], dtype=pl.Int8),
            "joined_on": pl.Series(["2024-01-01T20:00:00Z", None]).str.to_datetime(time_zone="UTC"),
        }
    )
    top = "shop: {time_zone: Asia/Karachi}"
    read = shop.read(*shop.customers("people.parquet", frame, fields=FIELDS, top=top))
    assert read.frames["customers"].sort("customer_id").select(
        "age", "spent", "vip", "joined_on"
    ).rows() == [(41.0, 150, True, dt.date(2024, 1, 2)), (19.0, -225, False, None)]


PURCHASES = """\
shop: {name: Corner shop, currency: USD, region: US, locale: en_US}
as_of: 2024-06-30
sources:
  purchases:
    file: lake
    columns: {customer_id: who, purchased_on: day, amount: paid}
"""
LINES = pl.DataFrame(
    {
        "who": ["a", "b", "a", "c", "d"],
        "day": [dt.date(2024, 5, day) for day in (1, 2, 3, 4, 5)],
        "paid": [1.5, 2.0, None, 4.0, 5.0],
    }
)
KEPT = [("a", 150), ("b", 200), ("c", 400), ("d", 500)]


def kept(read: Read) -> list[tuple[str, int]]:
    return read.frames["purchases"].select("customer_id", "amount").sort("customer_id").rows()


def test_a_folder_of_parquet_files_is_one_table(shop: Shop) -> None:
    lake = shop.folder / "lake"
    for month, part in (("2024-05", LINES[:3]), ("2024-06", LINES[3:])):
        folder = lake / f"month={month}"
        folder.mkdir(parents=True)
        part.write_parquet(folder / "part-0.parquet")
    (lake / "_SUCCESS").touch()
    (lake / "_temporary").mkdir()
    LINES.write_parquet(lake / "_temporary" / "half.parquet")
    read = shop.read(PURCHASES, {})
    assert kept(read) == KEPT
    assert read.rejects.select("row", "reason").rows() == [(3, "missing")]
    before = read.sources["purchases"].sha256
    LINES[3:].write_parquet(lake / "month=2024-06" / "part-1.parquet")
    after = shop.read(PURCHASES, {}).sources["purchases"]
    assert (after.rows, after.sha256 == before) == (7, False)


def test_a_column_that_folders_are_named_by_is_read_too(shop: Shop) -> None:
    for day, part in ((1, LINES[:1]), (2, LINES[1:2])):
        folder = shop.folder / "lake" / f"day=2024-05-0{day}"
        folder.mkdir(parents=True)
        part.drop("day").write_parquet(folder / "part.parquet")
    days = shop.read(PURCHASES, {}).frames["purchases"].sort("customer_id")["purchased_on"]
    assert days.to_list() == [dt.date(2024, 5, 1), dt.date(2024, 5, 2)]


def test_files_of_a_folder_that_differ_are_said(shop: Shop) -> None:
    (shop.folder / "lake").mkdir()
    LINES.write_parquet(shop.folder / "lake" / "a.parquet")
    LINES.with_columns(pl.col("paid").cast(pl.String)).write_parquet(
        shop.folder / "lake" / "b.parquet"
    )
    (problem,) = shop.refused(PURCHASES, {})
    assert (problem.code, problem.place.file, problem.place.line) == ("I007", "targeting.yaml", 5)
    assert "do not have the same columns" in problem.message
    assert "paid" in problem.message


def test_a_folder_that_is_no_table_is_not_looked_through(shop: Shop) -> None:
    below = shop.folder / "lake" / "old" / "month=1"
    below.mkdir(parents=True)
    LINES.write_parquet(below / "a.parquet")
    (problem,) = shop.refused(PURCHASES, {})
    assert (problem.code, problem.message) == ("I002", "lake is a folder, not a file")


def test_a_file_of_a_delta_table_that_is_gone_is_said(shop: Shop) -> None:
    lake = shop.folder / "lake"
    LINES.write_delta(str(lake))
    next(lake.glob("*.parquet")).unlink()
    (problem,) = shop.refused(PURCHASES, {})
    assert problem.code == "I002"
    assert "a file of it is not there" in problem.message


def test_a_damaged_file_in_a_folder_is_said(shop: Shop) -> None:
    (shop.folder / "lake").mkdir()
    LINES.write_parquet(shop.folder / "lake" / "a.parquet")
    (shop.folder / "lake" / "b.parquet").write_bytes(b"PAR1, or is it?")
    (problem,) = shop.refused(PURCHASES, {})
    assert problem.code == "I007"


def test_a_delta_table_is_read_as_it_is_now(shop: Shop) -> None:
    lake = str(shop.folder / "lake")
    LINES.head(0).write_delta(lake)
    assert kept(shop.read(PURCHASES, {})) == []
    LINES.write_delta(lake, mode="append")
    LINES.write_delta(lake, mode="append")
    DeltaTable(lake).delete("who = 'b'")
    read = shop.read(PURCHASES, {})
    assert sorted(kept(read)) == sorted(2 * [KEPT[0], *KEPT[2:]])
    assert read.sources["purchases"].sha256
    log = shop.folder / "lake" / "_delta_log"
    (log / "00000000000000000002.json").write_text("no JSON")
    (problem,) = shop.refused(PURCHASES, {})
    assert (problem.code, problem.place.line) == ("I007", 5)
