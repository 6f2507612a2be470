"""Our formulas and those of `stockpyl` (by an author of the textbook), on random parameters.

stockpyl asks for an old Sphinx, so it lives in a virtual environment of its own, with a lock of its
own; `make .venv-stockpyl/ready` makes it. One process answers all questions.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from targeting.stock.formulas.continuous_review import (
    Costs,
    Policy,
    backorder_policy,
    best_reorder_point,
    expected_level_policy,
    loss_policy,
    r_q_cost,
    safety_stock_policy,
    second_order_loss,
)
from targeting.stock.formulas.economics import (
    all_units_discount,
    backorder_fraction,
    economic_order_quantity,
    economic_production_quantity,
    incremental_discount,
    lot_cost,
    quantity_with_backorders,
)
from targeting.stock.formulas.levels import Floats, units_short
from targeting.stock.formulas.newsvendor import (
    base_stock_normal,
    base_stock_poisson,
    critical_ratio,
    discrete_units_short,
    newsvendor_cost,
    newsvendor_discrete,
    newsvendor_normal,
    newsvendor_poisson,
    poisson_units_short,
)
from targeting.stock.formulas.slow_movers import best_poisson_policy, poisson_r_q_cost

ROOT: Final = Path(__file__).parents[3]
PYTHON: Final = ROOT / ".venv-stockpyl" / "bin" / "python"
SETS: Final = 40
RANDOM: Final = np.random.default_rng(1914)

Question = list[Any]
Ask = Callable[[str], Floats]


def some(low: float, high: float) -> Floats:
    """Random numbers, as many below the geometric mean of the ends as above."""
    return np.exp(RANDOM.uniform(np.log(low), np.log(high), SETS))


DEMAND, ORDER, HOLDING = some(20, 20000), some(1, 500), some(1, 20)
OWING = HOLDING * some(2, 60)
COSTS = Costs(ORDER, HOLDING, OWING)
RATE, FASTER = some(0.05, 0.6), DEMAND * some(1.1, 9)
LEAD, SD = some(0.02, 2), DEMAND * some(0.03, 0.5)
MEAN, OVER = DEMAND * LEAD, SD * np.sqrt(LEAD)
PERIODS = RANDOM.integers(0, 6, SETS).astype(np.float64)
STOCK = MEAN + OVER * RANDOM.uniform(-2, 4, SETS)
POINT, QUANTITY = MEAN + OVER * RANDOM.uniform(-1, 3, SETS), DEMAND * some(0.02, 1)
RATIO = critical_ratio(OWING, HOLDING)

SLOW_DEMAND = some(0.3, 40)
SLOW_MEAN = SLOW_DEMAND * LEAD
SLOW_STOCK = np.floor(SLOW_MEAN * some(0.3, 3))
SLOW_QUANTITY = np.floor(some(1, 30))

BREAKS = np.concatenate([np.zeros((SETS, 1)), np.sort(RANDOM.integers(5, 9000, (SETS, 3)))], axis=1)
BREAKS += np.arange(4)  # no two alike
PRICES = some(1, 90)[:, None] * np.cumprod(RANDOM.uniform(0.85, 0.99, (SETS, 4)), axis=1)

VALUES = np.cumsum(RANDOM.integers(1, 9, (SETS, 6)), axis=1).astype(np.float64)
CHANCES = RANDOM.dirichlet(np.ones(6), SETS)


def questions(module: str, function: str, *columns: Floats | float) -> list[Question]:
    rows = zip(*(np.broadcast_to(column, SETS).tolist() for column in columns), strict=True)
    return [[module, function, list(row)] for row in rows]


def discounts(function: str) -> list[Question]:
    rows = zip(*(column.tolist() for column in (ORDER, RATE, DEMAND, BREAKS, PRICES)), strict=True)
    return [["eoq", function, list(row)] for row in rows]


DISCRETE = [
    ["newsvendor", "newsvendor_discrete", [h, p, list(zip(v, c, strict=True))]]
    for h, p, v, c in zip(*(x.tolist() for x in (HOLDING, OWING, VALUES, CHANCES)), strict=True)
]
R_Q = (HOLDING, OWING, ORDER, DEMAND, SD, LEAD)
QUESTIONS: Final = {
    "eoq": questions("eoq", "economic_order_quantity", ORDER, HOLDING, DEMAND),
    "lot": questions("eoq", "economic_order_quantity", ORDER, HOLDING, DEMAND, QUANTITY),
    "eoqb": questions("eoq", "economic_order_quantity_with_backorders", ORDER, HOLDING, OWING, DEMAND),
    "epq": questions("eoq", "economic_production_quantity", ORDER, HOLDING, DEMAND, FASTER),
    "all units": discounts("economic_order_quantity_with_all_units_discounts"),
    "incremental": discounts("economic_order_quantity_with_incremental_discounts"),
    "normal": questions("newsvendor", "newsvendor_normal", HOLDING, OWING, MEAN, OVER),
    "base stock": questions("newsvendor", "newsvendor_normal", HOLDING, OWING, DEMAND, SD, PERIODS),
    "poisson": questions("newsvendor", "newsvendor_poisson", HOLDING, OWING, SLOW_MEAN),
    "discrete": DISCRETE,
    "normal loss": questions("loss_functions", "normal_loss", STOCK, MEAN, OVER),
    "second loss": questions("loss_functions", "normal_second_loss", STOCK, MEAN, OVER),
    "poisson loss": questions("loss_functions", "poisson_loss", SLOW_STOCK, SLOW_MEAN),
    "r q cost": questions("rq", "r_q_cost", POINT, QUANTITY, *R_Q),
    "best r": questions("rq", "r_q_optimal_r_for_q", QUANTITY, HOLDING, OWING, DEMAND, SD, LEAD, 1e-8),
    "eil": questions("rq", "r_q_eil_approximation", *R_Q, 1e-9),
    "eoqb policy": questions("rq", "r_q_eoqb_approximation", *R_Q),
    "eoqss": questions("rq", "r_q_eoqss_approximation", *R_Q),
    "loss": questions("rq", "r_q_loss_function_approximation", *R_Q, 1e-9),
    "slow cost": questions("rq", "r_q_cost_poisson", SLOW_STOCK, SLOW_QUANTITY, HOLDING, OWING, ORDER, SLOW_DEMAND, LEAD),
    "slow best": questions("rq", "r_q_poisson_exact", HOLDING, OWING, ORDER, SLOW_DEMAND, LEAD),
}  # fmt: skip


@pytest.fixture(scope="module")
def stockpyl() -> Ask:
    """Answers by name: one row a parameter set, one column a number."""
    if not PYTHON.exists():
        if os.environ.get("TARGETING_NO_SKIP") == "1":
            pytest.fail("no .venv-stockpyl here; make .venv-stockpyl/ready")
        pytest.skip("no .venv-stockpyl here; make .venv-stockpyl/ready")
    asked = json.dumps([question for family in QUESTIONS.values() for question in family])
    script = Path(__file__).with_name("ask_stockpyl.py")
    done = subprocess.run(
        [PYTHON, script], input=asked, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answers = iter(json.loads(done.stdout))
    by_name = {
        name: np.array([next(answers) for _ in family]) for name, family in QUESTIONS.items()
    }
    return by_name.__getitem__


def same(found: Floats, theirs: Floats, scale: Floats | float = 0.0) -> None:
    """To 1e-6 of the number, or of the scale where the number may be near nothing."""
    assert np.isfinite(theirs).mean() > 0.8
    np.testing.assert_allclose(found, theirs, rtol=1e-6, atol=1e-6 * np.max(scale))


def same_policy(found: Policy, theirs: Floats) -> None:
    assert np.isfinite(theirs).mean() > 0.8
    np.testing.assert_allclose(found.quantity, theirs[:, 1], rtol=1e-6)
    np.testing.assert_allclose(
        found.reorder_point / (MEAN + OVER), theirs[:, 0] / (MEAN + OVER), rtol=1e-6, atol=1e-6
    )


def test_order_quantities(stockpyl: Ask) -> None:
    quantity = economic_order_quantity(DEMAND, ORDER, HOLDING)
    same(quantity, stockpyl("eoq")[:, 0])
    same(lot_cost(quantity, DEMAND, ORDER, HOLDING), stockpyl("eoq")[:, 1])
    same(lot_cost(QUANTITY, DEMAND, ORDER, HOLDING), stockpyl("lot")[:, 1])
    same(quantity_with_backorders(DEMAND, ORDER, HOLDING, OWING), stockpyl("eoqb")[:, 0])
    same(backorder_fraction(HOLDING, OWING), stockpyl("eoqb")[:, 1])
    same(economic_production_quantity(DEMAND, ORDER, HOLDING, FASTER), stockpyl("epq")[:, 0])


def test_quantity_discounts(stockpyl: Ask) -> None:
    everything = all_units_discount(DEMAND, ORDER, RATE, BREAKS, PRICES)
    same(everything.quantity, stockpyl("all units")[:, 0])
    same(everything.cost, stockpyl("all units")[:, 2])
    beyond = incremental_discount(DEMAND, ORDER, RATE, BREAKS, PRICES)
    same(beyond.quantity, stockpyl("incremental")[:, 0])
    same(beyond.cost, stockpyl("incremental")[:, 2])
    assert len(set(stockpyl("all units")[:, 1])) == len(set(stockpyl("incremental")[:, 1])) == 4


def test_newsvendors(stockpyl: Ask) -> None:
    stock = newsvendor_normal(RATIO, MEAN, OVER)
    same(stock, stockpyl("normal")[:, 0])
    same(
        newsvendor_cost(stock, MEAN, units_short(MEAN, OVER, stock), OWING, HOLDING),
        stockpyl("normal")[:, 1],
    )
    slow = newsvendor_poisson(RATIO, SLOW_MEAN)
    same(slow, stockpyl("poisson")[:, 0])
    short = poisson_units_short(SLOW_MEAN, slow)
    same(newsvendor_cost(slow, SLOW_MEAN, short, OWING, HOLDING), stockpyl("poisson")[:, 1])
    listed = newsvendor_discrete(RATIO, VALUES, CHANCES)
    same(listed, stockpyl("discrete")[:, 0])
    short, mean = discrete_units_short(VALUES, CHANCES, listed), (VALUES * CHANCES).sum(axis=1)
    same(newsvendor_cost(listed, mean, short, OWING, HOLDING), stockpyl("discrete")[:, 1])


def test_base_stock(stockpyl: Ask) -> None:
    same(base_stock_normal(RATIO, DEMAND, SD, PERIODS, 1.0), stockpyl("base stock")[:, 0])
    same(base_stock_poisson(RATIO, SLOW_DEMAND, LEAD, 0.0), stockpyl("poisson")[:, 0])


def test_losses(stockpyl: Ask) -> None:
    same(units_short(MEAN, OVER, STOCK) / OVER, stockpyl("normal loss")[:, 0] / OVER, 1.0)
    same(
        second_order_loss(MEAN, OVER, STOCK) / OVER**2, stockpyl("second loss")[:, 0] / OVER**2, 1.0
    )
    same(poisson_units_short(SLOW_MEAN, SLOW_STOCK), stockpyl("poisson loss")[:, 0], 1.0)


def test_reorder_points_and_quantities(stockpyl: Ask) -> None:
    policy = Policy(POINT, QUANTITY)
    same(r_q_cost(policy, DEMAND, MEAN, OVER, COSTS), stockpyl("r q cost")[:, 0])
    best = best_reorder_point(QUANTITY, MEAN, OVER, COSTS)
    same(best / (MEAN + OVER), stockpyl("best r")[:, 0] / (MEAN + OVER), 1.0)
    same_policy(expected_level_policy(DEMAND, MEAN, OVER, COSTS), stockpyl("eil"))
    same_policy(backorder_policy(DEMAND, MEAN, OVER, COSTS), stockpyl("eoqb policy"))
    same_policy(safety_stock_policy(DEMAND, MEAN, OVER, COSTS), stockpyl("eoqss"))
    same_policy(loss_policy(DEMAND, MEAN, OVER, COSTS), stockpyl("loss"))


def test_slow_movers(stockpyl: Ask) -> None:
    policy = Policy(SLOW_STOCK, SLOW_QUANTITY)
    same(poisson_r_q_cost(policy, SLOW_DEMAND, SLOW_MEAN, COSTS), stockpyl("slow cost")[:, 0])
    best = best_poisson_policy(SLOW_DEMAND, SLOW_MEAN, COSTS)
    same(best.reorder_point, stockpyl("slow best")[:, 0])
    same(best.quantity, stockpyl("slow best")[:, 1])
    same(poisson_r_q_cost(best, SLOW_DEMAND, SLOW_MEAN, COSTS), stockpyl("slow best")[:, 2])
