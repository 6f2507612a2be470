"""The Delta table: its partitions, its silence about people, and what is no ledger."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from targeting.ledger.question import Question
from targeting.ledger.read import read_past
from targeting.ledger.table import find_ledger, open_ledger
from targeting.problems import Refused
from tests.ledger.kit import email, holds, new_ledger, night

DAY = dt.date(2026, 11, 24)


def added(folder: Path) -> list[dict[str, str]]:
    """List what the log says of each file that was added."""
    logs = sorted((folder / "_delta_log").glob("*.json"))
    lines = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    return [line["add"] for line in lines if "add" in line]


def test_the_log_keeps_no_statistics_but_the_date(tmp_path: Path) -> None:
    night(new_ledger(tmp_path), "a", DAY, email("ann"), email("ben"))
    files = added(tmp_path / "ledger")
    assert len(files) == 2
    for file in files:
        said = json.loads(file["stats"])
        assert set(said) == {"numRecords", "minValues", "maxValues", "nullCount"}
        assert said["minValues"] == said["maxValues"] == {"as_of": "2026-11-24"}
        assert set(said["nullCount"]) == {"as_of"}


def test_the_parquet_files_keep_no_statistics_but_the_date(tmp_path: Path) -> None:
    from pyarrow import parquet

    night(new_ledger(tmp_path), "a", DAY, email("ann"), email("ben"))
    for path in (tmp_path / "ledger").rglob("*.parquet"):
        group = parquet.ParquetFile(path).metadata.row_group(0)
        columns = [group.column(number) for number in range(group.num_columns)]
        told = [one.path_in_schema for one in columns if one.statistics is not None]
        assert told == ["as_of"]


def test_contacts_lie_by_record_and_month(tmp_path: Path) -> None:
    ledger = new_ledger(tmp_path)
    night(ledger, "a", dt.date(2026, 10, 31), email("ann"))
    night(ledger, "b", dt.date(2026, 11, 1), email("ann"))
    folders = {path.parent.relative_to(ledger.url).as_posix() for path in
               (tmp_path / "ledger").rglob("record=*/*/*.parquet")}  # fmt: skip
    assert folders == {
        f"record={record}/month={month}"
        for record in ("contact", "run")
        for month in ("2026-10", "2026-11")
    }


def test_no_id_stands_in_the_ledger(tmp_path: Path) -> None:
    night(new_ledger(tmp_path), "a", DAY, email("customer-4711-of-this-shop"))
    assert not holds(tmp_path / "ledger", b"4711")


def test_before_the_first_run_there_is_no_ledger_and_looking_makes_none(tmp_path: Path) -> None:
    found = find_ledger(str(tmp_path / "ledger"), tmp_path / "ledger.key")
    past = read_past(found, pl.Series("customer_id", ["ann"]), Question(DAY))
    assert found is None
    assert past.runs.is_empty()
    assert past.counts.is_empty()
    assert list(tmp_path.iterdir()) == []


def test_a_url_leads_to_the_same_ledger_as_a_folder(tmp_path: Path) -> None:
    night(new_ledger(tmp_path), "a", DAY, email("ann"))
    by_url = open_ledger((tmp_path / "ledger").as_uri(), tmp_path / "ledger.key", {})
    night(by_url, "b", DAY, email("ann"))
    assert by_url.folder == tmp_path / "ledger"
    assert read_past(new_ledger(tmp_path), pl.Series(["ann"]), Question(DAY)).turns.rows() == [
        ("ann", "email", 2)
    ]


@pytest.mark.parametrize("damage", ["log gone", "log empty", "a file", "no json"])
def test_a_damaged_ledger_is_refused_and_not_begun_anew(tmp_path: Path, damage: str) -> None:
    night(new_ledger(tmp_path), "a", DAY, email("ann"))
    log = tmp_path / "ledger" / "_delta_log"
    commits = sorted(log.glob("*.json"))
    match damage:
        case "log gone":
            log.rename(tmp_path / "elsewhere")
        case "log empty":
            for commit in commits:
                commit.unlink()
        case "a file":
            (tmp_path / "ledger").rename(tmp_path / "elsewhere")
            (tmp_path / "ledger").write_text("x")
        case "no json":
            commits[0].write_text("{")
    with pytest.raises(Refused, match="L104"):
        new_ledger(tmp_path)


def test_an_unknown_store_is_a_problem_not_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="L104"):
        open_ledger("nowhere://bucket/ledger", tmp_path / "ledger.key")


@pytest.mark.parametrize("where", ["record=contact/*/*.parquet", "record=run/*/*.parquet"])
@pytest.mark.parametrize("content", [lambda b: b[: len(b) // 2], lambda b: bytes(len(b))])
def test_a_damaged_file_of_the_ledger_is_a_problem_not_a_traceback(
    tmp_path: Path, where: str, content: Callable[[bytes], bytes]
) -> None:
    ledger = new_ledger(tmp_path)
    night(ledger, "a", DAY, email("ann"))
    path = next((tmp_path / "ledger").glob(where))
    path.write_bytes(content(path.read_bytes()))
    with pytest.raises(Refused, match="L104"):
        read_past(ledger, pl.Series(["ann"]), Question(DAY))
