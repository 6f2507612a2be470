"""The tree as a picture: its leaves are the model's, its ends add up, its words are the shop's."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import numpy as np
import polars as pl
import pytest

from targeting.report.speech import Speech
from targeting.report.tree_figures import tree_figures
from targeting.report.tree_picture import tree_picture
from targeting.scoring.matrix import inputs_of, tree_matrix
from targeting.scoring.model import LikelihoodModel, predict
from targeting.scoring.rate import log_odds
from targeting.scoring.scored import Entered, Scoring
from targeting.scoring.tree import fit_tree, node_rates
from targeting.workspace.catalogue import Catalogue, Field
from targeting.workspace.settings import Shop

SHOP = Shop(name="Corner Shop", currency="USD", region="US", locale="en_US")
FIELDS: Catalogue = {
    "recency_days": Field("recency_days", "number", "purchases"),
    "monetary": Field("monetary", "money", "purchases"),
    "city": Field("city", "category", "customers"),
}
DAY = dt.date(2026, 11, 24)


def made(leaves: int) -> tuple[LikelihoodModel, pl.DataFrame]:
    """Fit a tree on 600 customers, and score them and two of whom nothing is asked."""
    random = np.random.default_rng(4)
    count = 600
    customers = pl.DataFrame(
        {
            "customer_id": [f"c{k:03}" for k in range(count)],
            "recency_days": [
                None if k % 9 == 0 else int(random.integers(1, 200)) for k in range(count)
            ],
            "monetary": random.integers(0, 90_000, count),
            "city": random.choice(["Lahore", "Karachi", "Quetta"], count),
        }
    )
    chance = (
        0.6 * (customers["recency_days"].fill_null(199) < 60).to_numpy()
        + 0.3 * (customers["monetary"] > 40_000).to_numpy()
        + 0.05 * (customers["city"] == "Quetta").to_numpy()
    )
    labels = (random.random(count) < chance).astype(np.int8)
    inputs = tuple(inputs_of(customers, list(FIELDS), FIELDS))
    tree = fit_tree(tree_matrix(customers, inputs), labels, leaves)
    values = tuple(np.round(log_odds(node_rates(tree)), 6).tolist())
    model = LikelihoodModel("likelihood", "cart", "", inputs=inputs, tree=tree, values=values)
    scored = customers.with_columns(predict(customers, model))
    objecting = pl.col("customer_id").is_in(["c001", "c002"])
    return model, scored.with_columns(pl.when(~objecting).then("likelihood").alias("likelihood"))


def entered(model: LikelihoodModel, customers: pl.DataFrame) -> dict[str, Entered]:
    scoring = Scoring(model, FIELDS, SHOP)
    scoring.read(customers.drop("likelihood"), None)
    scoring.take(customers["likelihood"])
    return {"likelihood": scoring.entered()}


def figures_of(leaves: int) -> tuple[LikelihoodModel, pl.DataFrame, list[dict[str, Any]]]:
    model, customers = made(leaves)
    told: Any = tree_figures({"likelihood": model}, entered(model, customers), FIELDS, SHOP)
    assert told["likelihood"]["scored_by"] == "cart"
    return model, customers, told["likelihood"]["nodes"]


@pytest.mark.parametrize("leaves", [3, 40])
def test_leaves_are_the_models_and_hold_whom_it_puts_there(leaves: int) -> None:
    model, customers, nodes = figures_of(leaves)
    scored = customers.drop_nulls("likelihood")
    where = model.tree.apply(tree_matrix(scored, model.inputs))
    assert len(nodes) == model.tree.node_count
    for node in nodes:
        inside = scored.filter(pl.Series(_below(model, node["node"], where)))
        assert node["customers"] == inside.height
        assert node["likelihood"] == pytest.approx(inside["likelihood"].mean(), abs=1e-9)
        if node["asks"] is None:
            assert inside["likelihood"].unique().to_list() == [pytest.approx(node["likelihood"])]
    ends = [node for node in nodes if node["asks"] is None]
    assert sum(node["customers"] for node in ends) == scored.height == customers.height - 2


def _below(model: LikelihoodModel, node: int, where: Any) -> list[bool]:
    """Say of each customer whether the way to his leaf leads through a node, going up by hand."""
    parents: dict[int, int] = {}
    for children in (model.tree.children_left, model.tree.children_right):
        parents |= {int(child): parent for parent, child in enumerate(children) if child >= 0}

    def through(leaf: int) -> bool:
        while leaf != node and leaf in parents:
            leaf = parents[leaf]
        return leaf == node

    return [through(int(leaf)) for leaf in where]


def test_who_answers_yes_meets_what_the_split_says() -> None:
    _, customers, nodes = figures_of(40)
    root, yes = nodes[0], next(n for n in nodes if n["parent"] == 0 and n["answer"] == "yes")
    found = re.fullmatch(r"last bought within (\d+) days(, or never bought)?", root["asks"])
    assert found is not None
    days = pl.col("recency_days")
    met = (days <= int(found[1])).fill_null(value=bool(found[2]))
    assert customers.drop_nulls("likelihood").filter(met).height == yes["customers"]


def picture(leaves: int) -> tuple[Any, list[dict[str, Any]]]:
    _, _, nodes = figures_of(leaves)
    told = {"tree": {"scored_by": "cart", "nodes": nodes}}
    figure = tree_picture("likelihood", told, Speech(SHOP))
    assert figure is not None
    return figure, nodes


def test_a_small_tree_is_drawn_whole() -> None:
    figure, nodes = picture(3)
    assert "Drawn is the whole of it, 3 leaves." in figure.reading
    drawn = re.findall(r"<text[^>]*>([^<]*)</text>", figure.svg) + re.findall(
        r"<tspan[^>]*>([^<]*)</tspan>", figure.svg
    )
    for node in nodes:
        if node["asks"] is None:
            customers = f"{node['customers']} customers"
            assert customers in drawn
            assert Speech(SHOP).percent(node["likelihood"]) in drawn
    assert drawn.count("yes") == drawn.count("no") == 2


def test_a_deep_tree_is_drawn_in_part_and_says_so() -> None:
    figure, nodes = picture(40)
    leaves = [node for node in nodes if node["asks"] is None]
    assert len(leaves) > 8
    assert f"all its {len(leaves)} leaves stand in the table." in figure.reading
    letters = {row[1] for row in figure.table.rows}
    assert letters <= set("ABCDEFGH")
    assert len(letters) > 4
    drawn = re.findall(r"(\d+) customers?<", figure.svg)
    assert sum(map(int, drawn)) == sum(leaf["customers"] for leaf in leaves) == 598
    assert len(figure.table.rows) == len(leaves)
    assert [row[2] for row in figure.table.rows] != []
    told = {(row[0], row[2]) for row in figure.table.rows}
    assert told == {(leaf["because"], str(leaf["customers"])) for leaf in leaves}


def test_the_trees_words_are_those_of_the_shop() -> None:
    figure, _ = picture(40)
    words = " ".join(row[0] for row in figure.table.rows)
    assert "spent" in words
    assert "$" in words
    assert "city is" in words


def test_what_has_no_tree_has_no_picture() -> None:
    model, customers = made(3)
    base = LikelihoodModel("likelihood", "base_rate", "", base_rate=0.5)
    assert tree_figures({"likelihood": base}, entered(base, customers), FIELDS, SHOP) == {}
    assert tree_figures({"likelihood": model}, {}, FIELDS, SHOP) == {}
    assert tree_picture("likelihood", {}, Speech(SHOP)) is None
