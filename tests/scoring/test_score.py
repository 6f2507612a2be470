"""The scores of a night: who gets one, and nights that no shop would wish for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from targeting.customers.table import CustomerData
from targeting.scoring.fit_all import fit
from targeting.scoring.saved import Fitted
from targeting.scoring.score import score
from targeting.workspace.load import Workspace, load

pytestmark = pytest.mark.usefixtures("few_draws")
DAY = dt.date(2026, 6, 30)
SETTINGS = """\
sources:
  customers: {file: c.csv, columns: {customer_id: id, age: A, town: T, loyal: L, profiling_consent: P}}
  purchases: {file: p.csv, columns: {customer_id: id, purchased_on: d, amount: a, category: k}}
fields:
  age: {type: number}
  town: {type: category}
  loyal: {type: yes/no}
  profiling_consent: {type: yes/no}
  category: {type: category, values: [Phones, Laptops]}
"""
EVERY_LABEL = {
    "buys": "{buys_within: 30 days}",
    "buys_a_laptop": "{buys_within: 1 month, in: {category: Laptops}}",
    "comes_back": "{comes_back_within: 90 days}",
    "leaves": "{buys_nothing_within: 2 months}",
    "loyalty": "{field: loyal, is: yes}",
}
FROM = "[recency_days, frequency, monetary, days_between_purchases, age, town]"


@pytest.fixture(scope="module")
def few_draws() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("targeting.scoring.intervals.MOST_DRAWS", 20)
        yield


def workspace(
    folder: Path, labels: dict[str, str], kind: str = "tree", reads: str = FROM
) -> Workspace:
    (folder / "segments").mkdir(parents=True)
    (folder / "targeting.yaml").write_text(SETTINGS)
    (folder / "segments/likelihood.yaml").write_text(
        "".join(
            f"{name}:\n  predicts: {label}\n  from: {reads}\n  model: {kind}\n"
            for name, label in labels.items()
        )
    )
    found, problems = load(folder)
    assert problems == []
    assert found is not None
    return found


def people(rows: int, towns: int = 40) -> pl.DataFrame:
    random = np.random.default_rng(2)
    age = random.integers(18, 90, rows)
    return pl.DataFrame(
        {
            "customer_id": [f"c{at:04}" for at in range(rows)],
            "age": pl.Series(age.tolist(), dtype=pl.Float64),
            "town": [f"town {at % towns:02}" for at in range(rows)],
            "loyal": (age > 50) ^ (random.random(rows) < 0.2),
            "profiling_consent": [(True, None, False, True)[at % 4] for at in range(rows)],
        },
        schema_overrides={
            **{"customer_id": pl.String, "loyal": pl.Boolean},
            **{"town": pl.String, "profiling_consent": pl.Boolean},
        },
    )


def purchases(customers: int, since: int = 400, seed: int = 3) -> pl.DataFrame:
    """Each customer's own rate and last day; one in three buys laptops."""
    random = np.random.default_rng(seed)
    lines: list[tuple[str, dt.date, int, float, str]] = []
    for at in range(customers):
        first = int(random.integers(0, since))
        last = int(random.integers(0, first + 1))
        days = random.integers(last, first + 1, random.integers(1, 9))
        lines += [
            (
                f"c{at:04}",
                DAY - dt.timedelta(days=int(day)),
                int(random.integers(100, 90_000)),
                1.0,
                "Laptops" if random.random() < 0.3 else "Phones",
            )
            for day in days
        ]
    return frame(lines)


def frame(lines: list[Any]) -> pl.DataFrame:
    names = ("customer_id", "purchased_on", "amount", "quantity", "category")
    types = (pl.String, pl.Date, pl.Int64, pl.Float64, pl.String)
    return pl.DataFrame(lines, schema=dict(zip(names, types, strict=True)), orient="row")


def night(
    asked: Workspace, customers: pl.DataFrame, lines: pl.DataFrame, as_of: dt.date = DAY
) -> tuple[Fitted, pl.DataFrame]:
    data = CustomerData.of(asked, {"customers": customers, "purchases": lines})
    table = data.customers(as_of)
    fitted = fit(data, table, as_of)
    return fitted, score(data, table, as_of, fitted.models).customers.lazy().collect()


def test_who_objects_has_no_score_and_no_reason(tmp_path: Path) -> None:
    asked = workspace(tmp_path, EVERY_LABEL)
    fitted, found = night(asked, people(400), purchases(400))
    objects = found["profiling_consent"].eq_missing(False)
    assert objects.sum() == 100
    for name in EVERY_LABEL:
        assert found.filter(objects)[name].null_count() == 100
        assert found.filter(objects)[f"{name}_because"].null_count() == 100
        assert found.filter(~objects)[name].null_count() < 300
    bought = found["frequency"] > 0
    assert found.filter(~objects)["buys"].is_not_null().eq(bought.filter(~objects)).all()
    assert found.filter(~objects)["loyalty"].null_count() == 0
    assert list(fitted.evaluations) == list(EVERY_LABEL)


def test_each_label_has_a_base_rate_of_its_own(tmp_path: Path) -> None:
    fitted, _ = night(workspace(tmp_path, EVERY_LABEL), people(600), purchases(600))
    told = fitted.evaluations
    assert told["buys_a_laptop"]["base_rate"] < told["buys"]["base_rate"]
    assert told["leaves"]["base_rate"] > 0.5
    assert told["comes_back"]["judged"]["rows"] < told["buys"]["judged"]["rows"]


def line(customer: str, days_ago: int, amount: int = 500, category: str = "Phones") -> Any:
    return (customer, DAY - dt.timedelta(days=days_ago), amount, 1.0, category)


def many_a_day() -> pl.DataFrame:
    lots = [line("c0000", day, 100 + at) for day in range(0, 300, 3) for at in range(500)]
    return pl.concat([purchases(200), frame(lots)])


HUGE = [line(f"c{at:04}", 40 * back, 10**17 * (-1) ** at) for at in range(90) for back in range(9)]
EVERY_DAY = [line(f"c{at:04}", back) for at in range(60) for back in range(200)]
NIGHTS: dict[str, tuple[pl.DataFrame, pl.DataFrame]] = {
    "nobody": (people(0), frame([])),
    "no purchases": (people(200), frame([])),
    "no attributes": (people(0), purchases(200)),
    "one customer": (people(1), frame([line("c0000", 50), line("c0000", 3)])),
    "two customers who never came back": (people(2), frame([line("c0000", 90), line("c0001", 80)])),
    "purchases only today": (people(100), frame([line(f"c{at:04}", 0) for at in range(100)])),
    "purchases only tomorrow": (people(100), frame([line(f"c{at:04}", -1) for at in range(100)])),
    "everybody every day": (people(60), frame(EVERY_DAY)),
    "only returns": (people(80), purchases(80).with_columns(amount=-pl.col("amount"))),
    "huge and negative money": (people(90), pl.concat([frame(HUGE), purchases(90)])),
    "five hundred purchases a day": (people(200), many_a_day()),
    "all attributes missing": (
        people(300).with_columns(
            age=pl.lit(None, dtype=pl.Float64),
            town=pl.lit(None, dtype=pl.String),
            loyal=pl.lit(None, dtype=pl.Boolean),
        ),
        purchases(300),
    ),
    "one class": (people(300).with_columns(loyal=pl.lit(value=True)), purchases(300)),
    "a town each": (people(300, towns=300), purchases(300)),
    "a short history": (people(300), purchases(300, since=40)),
}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "tree") for name in NIGHTS),
        *((name, "blend") for name in ("nobody", "one customer", "huge and negative money")),
    ],
)
def test_no_night_ends_in_an_error(tmp_path: Path, name: str, kind: str) -> None:
    customers, lines = NIGHTS[name]
    fitted, found = night(workspace(tmp_path, EVERY_LABEL, kind), customers, lines)
    for label in EVERY_LABEL:
        scores = found[label]
        assert scores.dtype == pl.Float64
        assert scores.is_nan().sum() == 0
        assert scores.drop_nulls().is_between(0, 1).all()
        told = fitted.evaluations[label]
        if told["scored_by"] in ("base_rate", "none"):
            assert {note["code"] for note in told["warnings"]} & {"M002", "M003", "M004"}
            assert scores.drop_nulls().n_unique() <= 1


@pytest.mark.parametrize("predicts", ["buys_within", "comes_back_within", "buys_nothing_within"])
@pytest.mark.parametrize("period", ["1000 years", "40 years", "14 months", "1 day"])
def test_no_period_ends_in_an_error(tmp_path: Path, predicts: str, period: str) -> None:
    asked = workspace(tmp_path, {"buys": f"{{{predicts}: {period}}}"})
    fitted, found = night(asked, people(100), purchases(100))
    assert found["buys"].drop_nulls().is_between(0, 1).all()
    if "years" in period:
        assert fitted.evaluations["buys"]["scored_by"] == "none"
        assert [note["code"] for note in fitted.evaluations["buys"]["warnings"]] == ["M003"]


@pytest.mark.parametrize("as_of", [dt.date(2024, 1, 1), dt.date(2025, 6, 1), dt.date(2031, 1, 1)])
def test_no_day_ends_in_an_error(tmp_path: Path, as_of: dt.date) -> None:
    fitted, found = night(workspace(tmp_path, EVERY_LABEL), people(100), purchases(100), as_of)
    assert found.height == 100
    if as_of.year == 2024:
        for name in ("buys", "buys_a_laptop", "comes_back", "leaves"):
            assert fitted.models.likelihoods[name].kind == "none"
            assert found[name].null_count() == 100


@pytest.mark.parametrize(
    ("reads", "kind"), [("[recency_days]", "tree"), ("[town]", "blend"), ("[age]", "points")]
)
def test_one_input_is_enough(tmp_path: Path, reads: str, kind: str) -> None:
    asked = workspace(tmp_path, {"buys": "{buys_within: 30 days}"}, kind, reads)
    fitted, found = night(asked, people(400), purchases(400))
    assert fitted.evaluations["buys"]["scored_by"] in (kind, "points", "base_rate")
    assert found["buys"].drop_nulls().is_between(0, 1).all()


def test_an_input_that_was_the_same_for_everyone_in_the_past_is_no_error(tmp_path: Path) -> None:
    customers = people(400).with_columns(town=pl.lit("Lahore"), age=pl.lit(40.0))
    asked = workspace(tmp_path, {"buys": "{buys_within: 30 days}"})
    _, found = night(asked, customers, purchases(400))
    other = customers.with_columns(town=pl.lit("Quetta"), age=pl.lit(10.0**30))
    data = CustomerData.of(asked, {"customers": other, "purchases": purchases(400)})
    fitted, _ = night(asked, customers, purchases(400))
    again = score(data, data.customers(DAY), DAY, fitted.models).customers
    assert again["buys"].equals(found["buys"])
