"""Tonight's customers: a score and its reason, of every kind of model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from targeting.customers.held import Shelf
from targeting.scoring.label import bought_lines
from targeting.scoring.likelihood import fit_likelihood
from targeting.scoring.model import LikelihoodModel, predict
from targeting.scoring.rhythm import raw_rhythm
from targeting.scoring.scored import MOST_CLAUSES, NOTHING_KNOWN, Scoring
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.scores import Likelihood
from targeting.workspace.settings import Shop

AS_OF = dt.date(1998, 3, 15)
SPENDING = ("recency_days", "frequency", "monetary", "spend_90_days")
KINDS = ("tree", "points", "blend", "cart")
History = Callable[[pl.DataFrame], Callable[[dt.date], pl.DataFrame]]


@pytest.fixture(scope="module")
def lines(cdnow: pl.DataFrame) -> pl.DataFrame:
    """2,357 customers up to 15 March 1998."""
    last = pl.col("customer_id").str.slice(-1)
    return cdnow.filter(last == "3", pl.col("purchased_on") <= AS_OF)


@pytest.fixture(scope="module")
def tonight(lines: pl.DataFrame, history_of: History) -> pl.DataFrame:
    """The buyers, and at the end one who has bought nothing."""
    buyers = history_of(lines)(AS_OF)
    stranger = pl.DataFrame({"customer_id": ["zz"]}, schema={"customer_id": pl.String})
    return pl.concat([buyers, stranger], how="diagonal")


@pytest.fixture(scope="module")
def rhythm(lines: pl.DataFrame) -> pl.DataFrame:
    return raw_rhythm(bought_lines(lines.lazy()), AS_OF, None)


@pytest.fixture(scope="module")
def model_of(
    lines: pl.DataFrame, history_of: History, spending_types: Catalogue
) -> Callable[[str], LikelihoodModel]:
    fitted: dict[str, LikelihoodModel] = {}

    def of(kind: str, predicts: str = "buys_within", period: str = "45 days") -> LikelihoodModel:
        key = f"{kind} {predicts} {period}"
        if key not in fitted:
            written: dict[str, Any] = {"predicts": {predicts: period}, "from": SPENDING}
            fitted[key], _, _ = fit_likelihood(
                "likelihood",
                Likelihood.model_validate(written | {"model": kind, "leaves": 16}),
                history_of(lines)(AS_OF),
                key="k",
                as_of=AS_OF,
                history=history_of(lines),
                purchases=lines,
                field_types=spending_types,
            )
        return fitted[key]

    return of


def scored(
    customers: pl.DataFrame,
    model: LikelihoodModel,
    rhythm: pl.DataFrame | None,
    fields: Catalogue,
    shop: Shop,
) -> pl.DataFrame:
    """Score all customers as one page."""
    scoring = Scoring(model, fields, shop)
    scoring.read(customers, rhythm)
    return scoring.told(0)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_predict_and_reasons_stand_beside_them(
    kind: str,
    model_of: Callable[[str], LikelihoodModel],
    tonight: pl.DataFrame,
    rhythm: pl.DataFrame,
    spending_types: Catalogue,
) -> None:
    model = model_of(kind)
    assert model.kind == kind
    found = scored(tonight, model, rhythm, spending_types, Shop())
    assert found.columns == ["likelihood", "likelihood_because"]
    assert found["likelihood"].equals(predict(tonight, model, rhythm))
    assert found[-1].row(0) == (None, None)
    assert found[:-1]["likelihood"].null_count() == 0
    assert found[:-1]["likelihood"].is_between(0, 1).all()
    reasons = found[:-1]["likelihood_because"]
    if kind == "blend":
        assert reasons.null_count() == reasons.len()
    else:
        assert reasons.null_count() == 0
        assert reasons.n_unique() > 5
        assert max(len(text.split("; ")) for text in reasons) <= max(3, MOST_CLAUSES)


def test_who_shares_a_leaf_shares_score_and_reason(
    model_of: Callable[[str], LikelihoodModel],
    tonight: pl.DataFrame,
    rhythm: pl.DataFrame,
    spending_types: Catalogue,
) -> None:
    found = scored(tonight, model_of("tree"), rhythm, spending_types, Shop())
    assert found.unique().height <= 16 + 1
    reasons = found.drop_nulls().group_by("likelihood").agg(pl.col("likelihood_because").n_unique())
    assert reasons["likelihood_because"].max() == 1


def test_the_order_of_customers_is_kept(
    model_of: Callable[[str], LikelihoodModel],
    tonight: pl.DataFrame,
    rhythm: pl.DataFrame,
    spending_types: Catalogue,
) -> None:
    for kind in KINDS:
        found = scored(tonight, model_of(kind), rhythm, spending_types, Shop())
        turned = scored(tonight.reverse(), model_of(kind), rhythm, spending_types, Shop())
        assert turned.equals(found.reverse()), kind


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_at_all_has_two_empty_columns(
    kind: str,
    model_of: Callable[[str], LikelihoodModel],
    tonight: pl.DataFrame,
    rhythm: pl.DataFrame,
    spending_types: Catalogue,
) -> None:
    found = scored(tonight.clear(), model_of(kind), rhythm, spending_types, Shop())
    assert found.schema == {"likelihood": pl.Float64, "likelihood_because": pl.String}
    assert found.height == 0


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_without_a_model_everyone_has_nothing(rows: int) -> None:
    nobody = pl.DataFrame({"customer_id": [f"c{at}" for at in range(rows)]})
    for model in (
        LikelihoodModel("likelihood", "none", ""),
        LikelihoodModel("likelihood", "base_rate", ""),
    ):
        found = scored(nobody, model, None, {}, Shop())
        assert found.schema == {"likelihood": pl.Float64, "likelihood_because": pl.String}
        assert found.rows() == [(None, None)] * rows


def test_the_base_rate_is_said_to_be_it_and_not_to_strangers(
    tonight: pl.DataFrame, rhythm: pl.DataFrame
) -> None:
    people = tonight.join(rhythm, on="customer_id", how="left", maintain_order="left")
    model = LikelihoodModel("likelihood", "base_rate", "", "buyers", base_rate=0.125)
    found = scored(people, model, rhythm, {}, Shop())
    assert set(found[:-1].rows()) == {(0.125, NOTHING_KNOWN)}
    assert found[-1].row(0) == (None, None)


def test_who_has_come_twice_is_not_asked_to_come_back(
    model_of: Callable[..., LikelihoodModel],
    tonight: pl.DataFrame,
    rhythm: pl.DataFrame,
    spending_types: Catalogue,
) -> None:
    model = model_of("tree", "comes_back_within", "90 days")
    found = scored(tonight, model, rhythm, spending_types, Shop())
    once = (tonight["frequency"] == 1).fill_null(False)
    assert (found["likelihood"].is_not_null() == once).all()
    assert (found["likelihood_because"].is_not_null() == once).all()


def test_the_mean_score_is_the_base_rate_that_is_foreseen(
    model_of: Callable[[str], LikelihoodModel], tonight: pl.DataFrame, rhythm: pl.DataFrame
) -> None:
    for kind in KINDS:
        model = model_of(kind)
        assert predict(tonight, model, rhythm).mean() == pytest.approx(model.base_rate, abs=2e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_on_which_page_a_customer_stands_changes_nothing(
    tmp_path: Path,
    kind: str,
    model_of: Callable[[str], LikelihoodModel],
    tonight: pl.DataFrame,
    rhythm: pl.DataFrame,
    spending_types: Catalogue,
) -> None:
    model = model_of(kind)
    scoring = Scoring(model, spending_types, Shop(), Shelf(tmp_path))
    pages = [tonight[:7], tonight[7:7], tonight[7:]]
    for page in pages:
        scoring.read(page, rhythm)
    told = pl.concat(scoring.told(number) for number in range(len(pages)))
    assert told.equals(scored(tonight, model, rhythm, spending_types, Shop()))
