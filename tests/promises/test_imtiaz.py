"""The real records the project began with, through the whole program."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from targeting.workspace.catalogue import slug
from tests.kit.oracle import Oracle, read_plain
from tests.kit.shop import IMTIAZ, SHARED_DATA, run_targeting

RECORDS = SHARED_DATA / "imtiaz_electronics.json"

pytestmark = pytest.mark.skipif(
    not RECORDS.is_file(), reason="the Imtiaz records are not beside this checkout (../shared/data)"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("imtiaz")
    ran = run_targeting(
        "run", str(IMTIAZ), "--source", f"customers={RECORDS}", "--out", str(out), "--json"
    )
    assert ran.code == 0, ran.err
    return Path(ran.json["folder"])


@pytest.fixture(scope="module")
def manifest(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def analysis(folder: Path) -> Any:
    return json.loads((folder / "analysis.json").read_text(encoding="utf-8"))


def test_a_thousand_rows_come_in_and_44_have_no_customer(folder: Path, manifest: Any) -> None:
    (source,) = manifest["inputs"]
    assert (source["rows"], source["used"], manifest["customers"]) == (1000, 956, 956)
    assert manifest["rejected"] == {"customers": {"missing": 44}}
    with (folder / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        rejects = list(csv.DictReader(file))
    assert len(rejects) == 44
    assert {(row["field"], row["reason"]) for row in rejects} == {("customer_id", "missing")}


def test_there_are_seven_segments_and_everybody_has_one(manifest: Any) -> None:
    sizes = [segment["size"] for segment in manifest["segments"]]
    assert len(sizes) == 7
    assert sum(sizes) == 956
    assert min(sizes) > 9  # none under one per cent


def test_every_pair_of_rule_and_segment_with_somebody_selected_is_a_list(folder: Path) -> None:
    decisions = pl.read_parquet(folder / "decisions.parquet")
    selected = decisions.filter(pl.col("outcome") == "selected")
    expected = {
        (rule, slug(segment)) for rule, segment in selected.select("rule", "segment").iter_rows()
    }
    lists = {(p.parent.name, p.stem) for p in folder.glob("contacts/*/*.csv")}
    assert lists == expected
    written = sum(pl.read_csv(path).height for path in folder.glob("contacts/*/*.csv"))
    assert written == selected.height


@pytest.mark.parametrize(
    ("a", "b", "published"),
    [
        ("loyalty", "purchase_frequency", 0.68),
        ("loyalty", "will_purchase", 0.26),
        ("average_spend", "lifetime_spend", 0.54),
        ("lifetime_spend", "purchase_frequency", 0.57),
        ("age", "lifetime_spend", 0.40),
    ],
)
def test_the_published_correlations_are_reproduced(
    analysis: Any, a: str, b: str, published: float
) -> None:
    (found,) = [c["r"] for c in analysis["correlations"] if {c["a"], c["b"]} == {a, b}]
    assert found == pytest.approx(published, abs=0.01)


def test_the_linear_model_explains_nothing_and_says_so(analysis: Any) -> None:
    assert analysis["linear_regression"]["r2"] == pytest.approx(-0.01, abs=0.03)


def test_the_trees_accuracy_stands_beside_the_base_rate_and_its_leak_is_named(
    manifest: Any,
) -> None:
    score = manifest["scores"]["likelihood"]
    assert score["base_rate"] == pytest.approx(0.88, abs=0.04)
    for figure in ("accuracy", "precision", "recall"):
        assert 0.85 <= score[figure] <= 1
    assert [w["field"] for w in score["warnings"] if w["code"] == "L001"] == ["purchase_frequency"]


def rules() -> Iterator[tuple[str, str, Any]]:
    for path in sorted((IMTIAZ / "rules").glob("*/*.yaml")):
        yield path.parent.name, path.stem, read_plain(path.read_text(encoding="utf-8"))


def test_who_is_eligible_is_who_a_plain_reading_of_the_rules_says(
    folder: Path, manifest: Any
) -> None:
    from targeting.workspace.load import load

    workspace, problems = load(IMTIAZ)
    assert workspace is not None
    assert not problems
    types = {name: field.type for name, field in workspace.customer_fields.items()}
    shared = read_plain((IMTIAZ / "rules" / "shared.yaml").read_text(encoding="utf-8"))
    oracle = Oracle(types, shared, pl.Series([manifest["as_of"]]).str.to_date()[0])
    people = pl.read_parquet(folder / "customers.parquet").to_dicts()
    decisions = pl.read_parquet(folder / "decisions.parquet")
    for kind, name, rule in rules():
        expected = {p["customer_id"] for p in people if oracle.matches(rule, kind, p)}
        eligible = set(decisions.filter(pl.col("rule") == name)["customer_id"])
        assert eligible == expected, name
