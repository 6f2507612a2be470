"""targeting stock backtest: the sample shop's past, at the same fill rate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from targeting.sample import write_sample
from targeting.workspace.starter import copy_starter
from tests.kit.shop import Ran, ShopFolder, run_here, shop


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    copy_starter(folder)
    write_sample(folder / "data")
    return folder


@pytest.fixture(scope="module")
def results(sample: Path) -> dict[tuple[str, str], dict[str, Any]]:
    ran = run_here("stock", "backtest", "--weeks", "26", "--json", cwd=sample)
    assert (ran.code, ran.err.count("replaying")) == (0, 4)
    return {(row["policy"], row["at"]): row for row in ran.json}


@pytest.mark.parametrize("rule", ["cover", "lead_cover"])
def test_at_the_same_fill_rate_less_stock_lies_there_and_no_more_is_ordered(
    results: dict[tuple[str, str], dict[str, Any]], rule: str
) -> None:
    ours, other = results["suggestions", "same fill rate"], results[rule, "same fill rate"]
    for row in (ours, other):
        assert 0.98 <= row["fill_rate"] < 0.981
    assert ours["average_stock"] <= 0.85 * other["average_stock"]
    assert ours["average_stock_money"] < other["average_stock_money"]
    assert ours["order_lines"] <= other["order_lines"]


def test_what_was_done_comes_from_the_counts(
    results: dict[tuple[str, str], dict[str, Any]],
) -> None:
    done = results["done", "done"]
    assert done["fill_rate"] is None
    assert done["order_lines"] > 100
    assert done["units_ordered"] == pytest.approx(
        results["suggestions", "as set"]["units_asked"], rel=0.15
    )


def test_the_table_ends_with_what_follows_from_it(sample: Path) -> None:
    ran = run_here("stock", "backtest", "--weeks", "4", "--lines", "20", cwd=sample)
    assert ran.code == 0
    for word in ("each as it is set", "these suggestions", "what was done", "served:"):
        assert word in ran.out
    assert "At the same fill rate of 98%, these suggestions hold" in ran.out
    assert "4 weeks after 8 to settle in, 20 of 3" in ran.err
    assert not (sample / "out").exists()


def few_sales(folder: Path, days: int) -> ShopFolder:
    rows = [f"a,2026-{11 - day // 24:02}-{24 - day % 24:02},mug,1,5" for day in range(days)]
    text = "\n".join(["customer_id,purchased_on,product_id,quantity,amount", *rows, ""])
    settings = "sources: {purchases: {file: sales.csv}}\nas_of: newest_purchase\n"
    return shop(folder, {"targeting.yaml": settings, "sales.csv": text}, bare=True)


def refused(ran: Ran) -> str:
    assert (ran.code, ran.out) == (1, "")
    return ran.err


def test_more_weeks_than_there_are_sales_of(tmp_path: Path) -> None:
    err = refused(few_sales(tmp_path, 21).run_here("stock", "backtest"))
    assert "sales.csv:1:1: error W009: the purchases reach back 3 weeks from 2026-11-24;" in err
    assert "help: come back when there are more sales" in err


def test_a_shop_of_one_product(tmp_path: Path) -> None:
    ran = few_sales(tmp_path, 96).run_here("stock", "backtest", "--weeks", "4", "--json")
    assert ran.code == 0
    assert {row["policy"] for row in ran.json} >= {"suggestions", "cover"}
    assert all(0 <= row["fill_rate"] <= 1 for row in ran.json)


def test_a_shop_without_purchases(tmp_path: Path) -> None:
    err = refused(shop(tmp_path).run_here("stock", "backtest"))
    assert "targeting.yaml:1:1: error W009: there are no purchases of products to replay" in err
