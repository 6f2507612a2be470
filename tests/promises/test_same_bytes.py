"""The same inputs give the same bytes, on any number of threads and in any order of rows."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from targeting.sample import write_sample
from tests.kit.shop import run_here, run_targeting
from tests.promises.shuffled import shuffle_data

# What may follow the order of the rows: the inputs' own hashes, and the rows of rejects.
OF_THE_ORDER = {"rejects.csv", "report.html", "report.pdf", "manifest.json"}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "shop"
    assert run_here("init", str(folder), "--without-data", cwd=folder.parent).code == 0
    write_sample(folder / "data", customers=400)
    return folder


def run(workspace: Path, threads: int) -> Path:
    out = workspace.parent / f"{workspace.name}-{threads}"
    number = {"POLARS_MAX_THREADS": str(threads)}
    ran = run_targeting("run", str(workspace), "--out", str(out), "--json", env=number)
    assert ran.code == 0, ran.err
    return Path(ran.json["folder"])


@pytest.fixture(scope="module")
def first(sample: Path) -> Path:
    return run(sample, 2)


@pytest.fixture(scope="module")
def of_shuffled_rows(sample: Path) -> Path:
    other = sample.parent / "shuffled"
    shutil.copytree(sample, other)
    shuffle_data(other / "data")
    before, after = ((f / "data/purchases.parquet").read_bytes() for f in (sample, other))
    assert before != after
    return run(other, 2)


def files(folder: Path) -> dict[str, bytes]:
    """Give every file of a run but the one that holds seconds."""
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    assert "timings.json" in found
    return {name: path.read_bytes() for name, path in found.items() if name != "timings.json"}


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    assert one.keys() == other.keys()
    return [name for name in sorted(one) if one[name] != other[name]]


def test_one_thread_and_two_give_the_same_bytes(sample: Path, first: Path) -> None:
    second = run(sample, 1)
    assert second != first
    one, other = files(first), files(second)
    assert any(name.endswith(".xlsx") for name in one)
    assert sum(name.startswith("contacts/") for name in one) > 10
    assert differing(one, other) == []


def test_the_order_of_rows_changes_no_list_decision_or_suggestion(
    first: Path, of_shuffled_rows: Path
) -> None:
    assert of_shuffled_rows.name == first.name
    one, other = files(first), files(of_shuffled_rows)
    assert set(differing(one, other)) <= OF_THE_ORDER


def test_rejected_rows_are_the_same_but_for_their_numbers(
    first: Path, of_shuffled_rows: Path
) -> None:
    def rows(folder: Path) -> list[tuple[Any, ...]]:
        rejects = pl.read_csv(folder / "rejects.csv", infer_schema=False).drop("row")
        return rejects.fill_null("").sort(rejects.columns).rows()

    assert rows(first) == rows(of_shuffled_rows)
    assert len(rows(first)) > 20


def test_manifest_and_report_differ_in_hashes_only(first: Path, of_shuffled_rows: Path) -> None:
    def manifest(folder: Path) -> Any:
        read = json.loads((folder / "manifest.json").read_bytes())
        for file in [*read["inputs"], *read["outputs"]]:
            if file.get("path", "rejects.csv") in OF_THE_ORDER:
                del file["sha256"]
        return read

    def report(folder: Path) -> str:
        text = (folder / "report.html").read_text(encoding="utf-8")
        return re.sub(r"\b[0-9a-f]{8,64}\b", "", text)

    assert manifest(first) == manifest(of_shuffled_rows)
    assert report(first) == report(of_shuffled_rows)
