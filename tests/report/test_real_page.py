"""The page of a real run: its figures are the manifest's, whatever the models made of them."""

from __future__ import annotations

import json
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.commands.shops import BUYERS, SEGMENTS, many_purchases
from tests.kit.shop import shop

LIKELIHOODS = """\
likelihood:
  predicts: {buys_within: 30 days}
  from: [recency_days, frequency, monetary]
quiet:
  predicts: {buys_nothing_within: 60 days}
  from: [recency_days, monetary]
  model: blend
compare:
  linear_regression: {target: monetary, from: [recency_days, frequency]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with models of a second fit, a month after the first."""
    files = {
        "purchases.csv": many_purchases(150),
        "segments/customers.yaml": SEGMENTS,
        "segments/likelihood.yaml": LIKELIHOODS,
    }
    made = shop(tmp_path_factory.mktemp("shop"), BUYERS | files, bare=True)
    for command in (("fit", "--as-of", "2026-10-20"), ("fit",)):
        ran = made.run_here(*command)
        assert ran.code == 0, ran.err
    ran = made.run_here("run", "--json")
    assert ran.code == 0, ran.err
    return made.folder / str(ran.json["folder"])


@pytest.fixture(scope="module")
def manifest(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def shown(folder: Path) -> str:
    """The words of the page, tags taken away."""
    html = (folder / "report.html").read_text("utf-8").partition("</style>")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def three(value: float) -> str:
    """Write a figure of six decimals with three, half up and without a minus zero."""
    return str(Decimal(str(value)).quantize(Decimal("0.001"), ROUND_HALF_UP) + 0)


def signed(difference: float) -> str:
    return f"+{three(difference)}" if difference > 0 else three(difference)


def test_every_figure_of_the_manifest_stands_on_the_page(manifest: Any, shown: str) -> None:
    assert set(manifest["scores"]) == {"likelihood", "quiet"}
    for score in manifest["scores"].values():
        for key in ("auc", "pr_auc", "brier", "ece", "ece_floor_mean", "ece_floor_95"):
            assert three(score[key]) in shown, key
        for low, high in filter(None, (score["intervals"][k] for k in ("auc", "brier"))):
            assert f"{three(low)} to {three(high)}" in shown
        for other in (*score["baselines"].values(), *score["compared"].values()):
            difference, low, high = other["differences"]["auc"]
            assert f"{signed(difference)} ({three(low)} to {three(high)})" in shown


def test_segments_and_their_movement_stand_on_the_page(manifest: Any, shown: str) -> None:
    model = manifest["segment_model"]
    assert f"the segments agree by {model['stability']:.2f}" in shown
    refit = manifest["since_last_fit"]["segments"]
    for changed in (refit, model["changed_in_30_days"]):
        for row in changed["movement"]:
            assert f" {row['customers']} " in shown
    assert "By the last refit" in shown
    assert "between the last two fits" in shown or "Between the last two fits" in shown


def test_the_linear_regression_stands_in_the_first_analysis(folder: Path, shown: str) -> None:
    analysis = json.loads((folder / "analysis.json").read_text("utf-8"))
    chapter = shown.partition("The first analysis, read honestly")[2]
    assert f"{analysis['linear_regression']['r2']:.3f} 0: always saying the average" in chapter


def test_the_reasons_of_analysis_stand_on_the_page(folder: Path, shown: str) -> None:
    models = json.loads((folder / "analysis.json").read_text("utf-8"))["models"]
    assert models["quiet"]["reasons"] == {}  # a blend gives none
    reasons = models["likelihood"]["reasons"]
    for end in ("highest", "lowest"):
        assert 15 <= reasons[end]["customers"] <= 150
        for row in reasons[end]["reasons"]:
            assert row["reason"] in shown


def test_the_trees_leaves_hold_everybody_who_is_scored(folder: Path, shown: str) -> None:
    models = json.loads((folder / "analysis.json").read_text("utf-8"))["models"]
    assert "tree" not in models["quiet"]  # a blend is no tree
    nodes = models["likelihood"]["tree"]["nodes"]
    leaves = [node for node in nodes if node["asks"] is None]
    scores = pl.read_parquet(folder / "customers.parquet")["likelihood"].drop_nulls()
    assert sum(leaf["customers"] for leaf in leaves) == len(scores)
    likely = sum(leaf["customers"] * (leaf["likelihood"] or 0.0) for leaf in leaves)
    assert likely == pytest.approx(scores.sum(), abs=1e-3)
    for leaf in leaves:
        assert leaf["because"] in shown
    assert nodes[0]["customers"] == len(scores)
    assert nodes[0]["asks"][1:].split(",")[0] in shown


def test_nothing_undefined_is_shown(shown: str) -> None:
    assert not re.search(r"\b(None|nan|NaN|inf)\b", shown)
