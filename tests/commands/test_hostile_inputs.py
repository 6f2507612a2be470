"""What a hostile world puts where a file should be: a clear message, or a right result."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.shops import BOUGHT, BUYERS, CUSTOMERS, HEADER, PURCHASES, SETTINGS
from tests.kit.shop import SMALL, Ran, ShopFolder, shop

Files = dict[str, str | bytes | None]

ROW = "a,30,Lahore,a@example.com,yes,2026-01-01\n"


def json_source(text: str) -> Files:
    return {"targeting.yaml": SETTINGS.replace("customers.csv", "c.json"), "c.json": text}


def file_named(name: str, content: bytes) -> Files:
    return {"targeting.yaml": SETTINGS.replace("customers.csv", name), name: content}


REFUSED: dict[str, tuple[Files, list[str]]] = {
    "an empty file": ({"customers.csv": b""}, ["targeting.yaml:5:11", "is empty: 0 bytes"]),
    "no file": ({"customers.csv": None}, ["there is no file customers.csv", "targeting.yaml:5:11"]),
    "cp1252": (
        {"customers.csv": CUSTOMERS.replace("Quetta", "Québec").replace("c,40", "ç,40").encode("cp1252")},
        ["customers.csv:4:1", "is not UTF-8: line 4", "encoding: cp1252"],
    ),
    "UTF-16 without a mark": (
        {"customers.csv": CUSTOMERS.encode("utf-16-le")},
        ["customers.csv:1:1", "NUL bytes", "utf-16-le"],
    ),
    "a picture": (
        {"customers.csv": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))},
        ["is no text", "is this the right file?"],
    ),
    "a mapped column missing": (
        {"customers.csv": CUSTOMERS.replace("visited", "visted")},
        ["targeting.yaml:6:98", "no column 'visited'", "did you mean 'visted'?"],
    ),
    "four columns alike, mapped": (
        {"customers.csv": HEADER.replace("age", "age,age,age,age") + ROW.replace("30", "1,2,3,4")},
        ["'age' is the name of 4 columns: 2, 3, 4, 5", "age (2)"],
    ),
    "one line of 50 MB": (
        {"customers.csv": b"a" * 50_000_000},
        ["customers.csv:1:1", "longer than 1 MB", "one record a line?"],
    ),
    "JSON nested too deep": (json_source("[" * 100_000), ["nested too deep"]),
    "JSON cut off": (json_source('[{"id":"a"'), ["c.json:1:1", "is not JSON", "cut off?"]),
    "JSON that is no table": (json_source('{"a": 1}'), ["not an array of objects"]),
    "a garbled workbook": (file_named("c.xlsx", b"PK\x03\x04" + b"x" * 99), ["not a workbook"]),
    "a garbled Parquet file": (file_named("c.parquet", b"PAR1" + b"x" * 99), ["not a Parquet file"]),
    "an unknown ending": (file_named("c.gz", b"x"), ["c.gz: its ending", "format: csv"]),
    "a time zone of Mars": (
        {"targeting.yaml": SETTINGS.replace("region: US", "region: US, time_zone: Mars/X")},
        ["'Mars/X' is not a time zone", "targeting.yaml:1:"],
    ),
    "a date out of all reason": (
        {"targeting.yaml": SETTINGS.replace("as_of: 2026", "as_of: 9026")},
        ["targeting.yaml:2:8", "as_of 9026-11-24 is not between 1900-01-01 and 2199-12-31"],
    ),
    "no policy": ({"rules/policy.yaml": None}, ["rules/marketing/hello.yaml:7:31", "'email'"]),
    "no template": ({"templates/messages/hello.j2": None}, ["hello.yaml:7:47", "'hello.j2'"]),
    "no settings": ({"targeting.yaml": None}, ["no workspace here", "targeting init DIR"]),
    "a suppression list without a row": (
        {
            "targeting.yaml": SETTINGS.replace("fields:", "  suppressions: {file: s.csv}\nfields:"),
            "s.csv": "email\n",
        },
        ["targeting.yaml:7:24", "s.csv has no usable row: nobody would be kept out"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_with_its_place_and_nothing_written(
    tmp_path: Path, case: str
) -> None:
    files, said = REFUSED[case]
    made = shop(tmp_path, files)
    ran = made.run_here("run")
    assert ran.code == 1, ran.err
    for part in said:
        assert part in ran.err
    assert "nothing was written" in ran.err
    assert ran.out == ""
    assert not (tmp_path / "out").exists()


def _folder(path: Path) -> None:
    path.mkdir()


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _broken_link(path: Path) -> None:
    path.symlink_to("nowhere")


def _circle(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (_folder, "is a folder, not a file"),
        (_fifo, "is not a plain file"),
        (_broken_link, "the link of that name leads nowhere"),
        (_circle, "the link of that name leads nowhere"),
    ],
)
def test_what_is_no_file_is_refused(
    small: ShopFolder, put: Callable[[Path], None], said: str
) -> None:
    (small.folder / "customers.csv").unlink()
    put(small.folder / "customers.csv")
    ran = small.run_here("run")
    assert ran.code == 1
    assert said in ran.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(small: ShopFolder) -> None:
    (small.folder / "customers.csv").chmod(0)
    ran = small.run_here("run")
    assert ran.code == 1
    assert "customers.csv cannot be read: permission denied" in ran.err


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="only Linux has such a file")
def test_a_file_that_fails_while_it_is_read_is_refused(small: ShopFolder) -> None:
    ran = small.run_here("run", "--source", "customers=/proc/self/mem")
    assert ran.code == 1
    assert "/proc/self/mem cannot be read: input/output error" in ran.err


def test_a_path_that_is_no_text_is_refused(small: ShopFolder) -> None:
    folder = os.fsencode(small.folder)
    os.rename(folder + b"/customers.csv", folder + b"/\xff.csv")
    ran = small.run_here("run", "--source", "customers=\udcff.csv", "--json")
    assert ran.code == 1
    assert "holds bytes that are no UTF-8" in ran.json["problems"][0]["message"]


def accounts(ran: Ran) -> str:
    """Give the line that says where a source's rows went."""
    assert ran.code == 0, ran.err
    return " ".join(next(line for line in ran.out.splitlines() if " rows = " in line).split())


GOOD: dict[str, tuple[str | bytes, str]] = {
    "a header alone": (HEADER, "customers 0 rows = 0 used + 0 rejected"),
    "UTF-16 with its mark": (CUSTOMERS.encode("utf-16"), "customers 6 rows = 6 used + 0 rejected"),
    "numbers as people write them": (
        HEADER + ROW + 'b,"1,200.50",Lahore,b@example.com,yes,\nc,PKR 500,Lahore,c@example.com,yes,\n',
        "customers 3 rows = 1 used + 2 rejected (not_a_number 2)",
    ),
    "rows twice, ids that contradict": (
        CUSTOMERS + "a,18,Lahore,a@example.com,yes,2026-11-01\nf,51,Karachi,f@example.com,yes,2026-11-01\n",
        "customers 8 rows = 5 used + 3 rejected (conflicting_id 2, duplicate 1)",
    ),
    "four columns alike, not mapped": (
        HEADER.replace("age", "age,x,x,x,x") + ROW.replace("30", "30,1,2,3,4"),
        "customers 1 rows = 1 used + 0 rejected",
    ),
    "one record of 8 MB": (
        CUSTOMERS.encode() + b'"' + b"x," * 4_000_000,
        "customers 7 rows = 6 used + 1 rejected (ragged_line 1)",
    ),
    "nobody left after rejection": (
        HEADER + ",x,y,z,w,v\n" * 2,
        "customers 2 rows = 0 used + 2 rejected (missing 2)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GOOD)
def test_every_row_is_used_rejected_or_set_aside(tmp_path: Path, case: str) -> None:
    text, said = GOOD[case]
    ran = shop(tmp_path, {"customers.csv": text}).run_here("run")
    assert accounts(ran) == said


def test_rows_outside_where_are_set_aside_and_counted(tmp_path: Path) -> None:
    settings = SETTINGS.replace("    columns:", '    where: "age > 20"\n    columns:')
    ran = shop(tmp_path, {"targeting.yaml": settings}).run_here("run")
    assert accounts(ran) == "customers 6 rows = 3 used + 0 rejected + 3 set aside"


def test_numbers_that_nobody_said_how_to_read_come_with_the_line_to_write(tmp_path: Path) -> None:
    ran = shop(tmp_path, {"customers.csv": HEADER + ROW.replace("30", "PKR 500")}).run_here("run")
    assert "warning I103: customers: 1 cells of 'age' are no plain numbers" in ran.err
    assert 'under age, say numbers: "PKR ' in ran.err


ODD_IDS = (
    "two\nlines",
    'q"uo"te',
    "=cmd|' /C calc'!A0",
    "😀",
    "شہر",
    "\u202eevil",
    "x" * 1_000,
    "a,b",
    "NULL",
    "../../etc",
    "{{ 7*7 }}",
    "<script>alert(1)</script>",
    "\x07bell",
    "0001",
    "1e5",
    "-1",
)


def test_odd_ids_reach_the_list_and_the_sheet_and_no_other_file(tmp_path: Path) -> None:
    import openpyxl
    import polars as pl

    def quoted(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    lines = [f"{quoted(i)},2026-11-01,10,r{n},{quoted(i)},1" for n, i in enumerate(ODD_IDS)]
    made = shop(tmp_path, BUYERS | {"purchases.csv": BOUGHT + "\n".join(lines)}, bare=True)
    ran = made.run_here("run")
    assert accounts(ran) == f"purchases {len(ODD_IDS)} rows = {len(ODD_IDS)} used + 0 rejected"
    folder = made.runs[0]
    decisions = pl.read_parquet(folder / "decisions.parquet")
    assert set(decisions["customer_id"]) == set(ODD_IDS)
    listed = pl.read_csv(folder / "contacts/all/no_segment.csv", infer_schema=False)
    assert {i.removeprefix("'") for i in listed["customer_id"]} == set(ODD_IDS)
    assert not any(cell.startswith("=") for cell in listed["customer_id"])
    assert {p.name for p in (folder / "contacts").rglob("*.csv")} == {
        "no_segment.csv", "summary.csv", "funnel.csv",
    }  # fmt: skip
    sheets = openpyxl.load_workbook(folder / "stock/suggestions.xlsx").worksheets
    assert any(cell.value == "شہر" for sheet in sheets for row in sheet.iter_rows() for cell in row)


def test_a_purchase_of_no_time_on_earth_is_refused_or_rejected(tmp_path: Path) -> None:
    late = BUYERS | {"purchases.csv": PURCHASES + "a,9999-12-31,5,r9,s1,1\n"}
    ran = shop(tmp_path, late, bare=True).run_here("run")
    assert ran.code == 1
    assert "as_of 9999-12-31 is not between" in ran.err
    ran = shop(tmp_path, late, bare=True).run_here("run", "--as-of", "2026-11-24")
    assert accounts(ran) == "purchases 6 rows = 5 used + 1 rejected (after_as_of 1)"


def test_many_purchases_of_one_customer_are_one_customer(tmp_path: Path) -> None:
    lines = "".join(f"a,2026-11-{i % 23 + 1:02},1,r{i},s{i % 7},1\n" for i in range(200_000))
    ran = shop(tmp_path, BUYERS | {"purchases.csv": BOUGHT + lines}, bare=True).run_here("run")
    assert accounts(ran) == "purchases 200,000 rows = 200,000 used + 0 rejected"
    assert "1 customer, 1 person\n" in ran.out


def test_purchases_without_a_customer_are_reported(tmp_path: Path) -> None:
    ran = shop(tmp_path, BUYERS, bare=True).run_here("run")
    assert "1 purchase without a customer: for the stock only" in ran.out
    assert "3 customers, 3 persons\n" in ran.out


def test_no_file_that_a_person_opens_starts_a_formula(tmp_path: Path) -> None:
    rows = "=cmd|x!A1,=2+5,Lahore,g@example.com,yes,\n@SUM(1),30,Lahore,h@example.com,yes,\n"
    made = shop(tmp_path / "shop", {"customers.csv": SMALL["customers.csv"] + rows})
    assert made.run_here("run").code == 0
    (run,) = made.runs
    cells = [
        cell
        for path in run.rglob("*.csv")
        for line in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
        for cell in line
    ]
    assert {"'=cmd|x!A1", "'=2+5", "'@SUM(1)"} <= set(cells)
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+", "-"))]
