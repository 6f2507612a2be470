"""Every way in which a file can be no use: a message with a place, never a traceback."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from tests.intake.conftest import Shop

GOOD = pl.DataFrame({"customer_id": ["C1", "C2"]})


def parquet_bytes() -> bytes:
    buffer = io.BytesIO()
    GOOD.write_parquet(buffer)
    return buffer.getvalue()


def workbook_bytes() -> bytes:
    buffer = io.BytesIO()
    GOOD.write_excel(buffer, worksheet="People")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("file", "content", "code"),
    [
        ("people.csv", b"", "I003"),
        ("people.csv", b"\n\n  \n", "I003"),
        ("people.csv", b"customer_id\nC1\0C2\n", "I005"),
        ("people.csv", parquet_bytes(), "I005"),
        ("people.csv", workbook_bytes(), "I005"),
        ("people.csv", b"\x1f\x8b\x08\x00", "I005"),
        ("people.csv", b"\xff\xfe\x00\xd8\x00\xd8", "I004"),
        ("people.csv", b"x" * 1_500_000, "I006"),
        ("people.json", b"", "I003"),
        ("people.json", b'[{"customer_id": "C1"},', "I007"),
        ("people.json", b'{"customer_id": "C1"}', "I007"),
        ("people.json", b"[1, 2]", "I007"),
        ("people.json", b"[" * 100_000, "I007"),
        ("people.parquet", b"this is no parquet file", "I007"),
        ("people.parquet", parquet_bytes()[:-20], "I007"),
        ("people.xlsx", workbook_bytes()[:2000], "I007"),
        ("people.xlsx", b"customer_id\nC1\n", "I007"),
        ("people.dat", b"customer_id\nC1\n", "I008"),
    ],
)
def test_a_file_that_is_no_use_is_a_problem(
    shop: Shop, file: str, content: bytes, code: str
) -> None:
    (problem,) = shop.refused(*shop.customers(file, content))
    assert problem.code == code
    assert problem.place.file in (file, "targeting.yaml")
    assert file in problem.message


def test_a_zip_that_is_no_workbook_is_a_problem(shop: Shop) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("hello.txt", "hello")
    (problem,) = shop.refused(*shop.customers("people.xlsx", buffer.getvalue()))
    assert problem.code == "I007"


def test_fifty_megabytes_in_one_line_are_answered_at_the_first(shop: Shop) -> None:
    (problem,) = shop.refused(*shop.customers("people.csv", b"a," * 25_000_000))
    assert problem.code == "I006"


def test_a_missing_file_proposes_its_neighbour(shop: Shop) -> None:
    settings, files = shop.customers("people.csv", "customer_id\nC1\n")
    (problem,) = shop.refused(settings.replace("people.csv", "poeple.csv"), files)
    assert (problem.code, problem.place.line) == ("I001", 4)
    assert problem.help == "did you mean 'people.csv'?"


def test_a_folder_is_no_file(shop: Shop) -> None:
    (shop.folder / "people.csv").mkdir()
    settings, _ = shop.customers("people.csv", "")
    (problem,) = shop.refused(settings, {})
    assert problem.code == "I002"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_a_problem(shop: Shop) -> None:
    settings, files = shop.customers("people.csv", "customer_id\nC1\n")
    shop.write(settings, files)
    (shop.folder / "people.csv").chmod(0)
    (problem,) = shop.refused(settings, {})
    assert problem.code == "I002"


def test_an_unreadable_device_is_a_problem(shop: Shop) -> None:
    target = Path("/proc/self/mem")
    if not target.exists():
        pytest.skip("no /proc here")
    (shop.folder / "people.csv").symlink_to(target)
    settings, _ = shop.customers("people.csv", "")
    (problem,) = shop.refused(settings, {})
    assert problem.code == "I002"


def test_a_header_alone_is_fine_and_said(shop: Shop) -> None:
    read = shop.read(*shop.customers("people.csv", "customer_id,age\n"))
    assert read.frames["customers"].is_empty()
    assert shop.codes(read.warnings) == ["I101"]


def test_the_problems_of_all_sources_come_together(shop: Shop) -> None:
    settings = """
        sources:
          customers: {file: people.csv, columns: {customer_id: ID, age: Agee}}
          purchases: {file: none.parquet}
          products: {file: products.xlsx}
        fields:
          age: {type: number, range: [90, 10]}
    """.replace("\n        ", "\n")
    files = {"people.csv": "ID,Age\nC1,4\n", "products.xlsx": "no workbook"}
    problems = shop.refused(settings, files)
    assert sorted(shop.codes(problems)) == ["I001", "I007", "I011", "I023"]
