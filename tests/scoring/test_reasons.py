from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.scoring.matrix import Floats, Input, inputs_of, tree_matrix
from targeting.scoring.phrases import Side, trait
from targeting.scoring.reasons import (
    AVERAGE,
    leaf_reasons,
    point_reasons,
    reasons_of,
    seen_in,
)
from targeting.scoring.tree import Tree, fit_tree
from targeting.workspace.catalogue import Catalogue, Field
from targeting.workspace.settings import Shop

History = Callable[[pl.DataFrame], Callable[[dt.date], pl.DataFrame]]
DAYS = ("recency_days", "tenure_days", "days_between_purchases")
SPENDING: Catalogue = {
    **{name: Field(name, "number", "purchases") for name in (*DAYS, "frequency")},
    **{name: Field(name, "money", "purchases") for name in ("monetary", "spend_90_days")},
}
OTHERS: Catalogue = {
    "x": Field("x", "number", "customers"),
    "n": Field("n", "number", "customers"),
    "place": Field("place", "category", "customers"),
    "member": Field("member", "yes/no", "customers"),
}
Texts = tuple[str, ...]


def explained(
    customers: pl.DataFrame, labels: pl.Series, fields: Catalogue, leaves: int = 64, **more: Any
) -> tuple[Tree, list[Input], Texts, Floats]:
    """Fit a tree and give it, its inputs, each leaf's text and each node's rate."""
    inputs = inputs_of(customers, list(fields), fields)
    matrix, did = tree_matrix(customers, inputs), labels.to_numpy().astype(np.int8)
    tree = fit_tree(matrix, did, leaves)
    rates = np.clip(tree.value[:, 0, -1], 1e-6, 1 - 1e-6)
    seen = seen_in(customers, inputs, tree.apply(matrix))
    odds = np.log(rates / (1 - rates)).tolist()
    return tree, inputs, leaf_reasons(tree, inputs, odds, seen, fields, Shop(), **more), rates


def walked(tree: Tree, inputs: list[Input], row: Mapping[str, object]) -> int:
    """Walk down by hand."""
    node = 0
    while tree.children_left[node] >= 0:
        entering = inputs[tree.feature[node]]
        value = row[entering.name]
        if entering.kind == "category":
            value = entering.categories.index(str(value)) if value in entering.categories else None
        left = (
            bool(tree.missing_go_to_left[node])
            if value is None
            else float(np.float32(value)) <= tree.threshold[node]  # type: ignore[arg-type]
        )
        node = int((tree.children_left if left else tree.children_right)[node])
    return node


# A sentence, read as a person reads it: the field it speaks of, in which unit, and its own words.
READ = {
    r"last bought (?:within )?(.*?) days?(?: ago)?": ("recency_days", 1),
    r"first bought (.*?) days? ago": ("tenure_days", 1),
    r"bought (.*?)(?: times)?": ("frequency", 1),
    r"on average (.*?) days between purchases": ("days_between_purchases", 1),
    r"spent (.*?) in the last 90 days": ("spend_90_days", 100),
    r"spent (.*?)": ("monetary", 100),
    r"(x|n) is (.*?)": (None, 1),
}
TESTS: Mapping[str, Callable[[float, float], bool]] = {
    "at most ": lambda value, end: value <= end,
    "under ": lambda value, end: value < end,
    "more than ": lambda value, end: value > end,
    "over ": lambda value, end: value > end,
    "at least ": lambda value, end: value >= end,
}


def is_true(text: str, row: Mapping[str, Any]) -> bool:
    """Say whether one clause is true of a customer."""
    if text == "has not bought twice":
        return row["days_between_purchases"] is None
    if found := re.fullmatch("(place|member|x|n) is (not )?known(?: or new)?", text):
        return (row[found[1]] is None) == bool(found[2])
    if text.startswith(("place ", "member:")):
        return _word_is_true(text, row)
    for pattern, (name, minor) in READ.items():
        if found := re.fullmatch(rf"{pattern}( or (?:not known|has not bought twice))?", text):
            value = row[name or found[1]]
            return (
                found.groups()[-1] is not None
                if value is None
                else _fits(found.groups()[-2], value / minor, text)
            )
    raise AssertionError(text)


def _fits(amount: str, value: float, text: str) -> bool:
    plain = amount.replace("$", "").replace(",", "").replace("once", "1")
    plain = plain.replace("nothing", "at most 0")
    if " to " in plain:
        low, high = plain.split(" to ")
        return float(low) <= value <= float(high)
    for words, holds in TESTS.items():
        if plain.startswith(words):
            return holds(value, float(plain.removeprefix(words)))
    return value <= float(plain) if "within" in text else value == float(plain)


def _word_is_true(text: str, row: Mapping[str, Any]) -> bool:
    if text.startswith("member:"):
        value = {True: "yes", False: "no", None: "not known"}[row["member"]]
        return value in text.removeprefix("member: ").split(" or ")
    listed = re.split(", | or ", re.sub("^place is (not )?", "", text))
    return (row["place"] in listed) != text.startswith("place is not ")


@pytest.fixture(scope="module")
def buyers(cdnow: pl.DataFrame, history_of: History) -> tuple[pl.DataFrame, pl.Series]:
    """CDNOW's customers at the end of March 1998, and who bought in the 91 days after."""
    day = dt.date(1998, 3, 31)
    known = history_of(cdnow)(day)
    later = cdnow.filter(pl.col("purchased_on") > day, pl.col("amount") > 0)["customer_id"]
    return known, known["customer_id"].is_in(later.unique().implode())


def test_every_clause_is_true_of_every_customer_of_cdnow(
    buyers: tuple[pl.DataFrame, pl.Series],
) -> None:
    known, did = buyers
    tree, inputs, texts, _ = explained(known, did, SPENDING)
    some = known.sample(4_000, seed=1)
    for row, text in zip(
        some.to_dicts(),
        reasons_of(tree.apply(tree_matrix(some, inputs)), texts, "because"),
        strict=True,
    ):
        assert text == texts[walked(tree, inputs, row)]
        assert all(is_true(clause, row) for clause in text.split("; "))


def test_the_likeliest_and_the_least_likely_customers_of_cdnow_in_words(
    buyers: tuple[pl.DataFrame, pl.Series],
) -> None:
    tree, _, texts, rates = explained(*buyers, SPENDING, most=4)
    leaves = np.flatnonzero(tree.children_left < 0)
    by_rate = leaves[np.argsort(rates[leaves])]
    assert texts[by_rate[-1]] == (
        "last bought within 10 days; bought more than 5 times; "
        "on average under 48 days between purchases; spent over $21 in the last 90 days"
    )
    assert texts[by_rate[0]] == (
        "spent over $83; last bought more than 408 days ago; "
        "on average under 13 days between purchases or has not bought twice"
    )


def whole_customers(rows: int, seed: int, *, gaps: bool) -> tuple[pl.DataFrame, pl.Series]:
    random = np.random.default_rng(seed)
    x, n = random.integers(-4, 9, rows), random.integers(0, 100, rows)
    place = random.choice(["Clifton", "Gulshan", "Saddar", "Tariq Road"], rows)
    member = random.random(rows) < 0.4
    score = 0.3 * x + (place == "Saddar") + member - (n > 40) * (x < 3)
    frame = pl.DataFrame({"x": x, "n": n, "place": place, "member": member})
    if gaps:
        empty = [pl.Series(random.random(rows) < 0.15) for _ in frame.columns]
        frame = frame.with_columns(
            pl.when(~gap).then(pl.col(name)).alias(name)
            for name, gap in zip(frame.columns, empty, strict=True)
        )
        score = score + 2 * empty[0].to_numpy()
    return frame, pl.Series(random.random(rows) < 1 / (1 + np.exp(1 - score)))


@settings(max_examples=12, deadline=None)
@given(st.integers(100, 500), st.integers(0, 10_000), st.booleans(), st.integers(2, 40))
def test_of_whole_numbers_a_customer_meets_the_text_of_one_leaf_and_it_is_his(
    rows: int, seed: int, gaps: bool, leaves: int
) -> None:
    customers, did = whole_customers(rows, seed, gaps=gaps)
    tree, inputs, texts, _ = explained(customers, did, OTHERS, leaves)
    for row in customers.head(60).to_dicts():
        met = [
            leaf
            for leaf in np.flatnonzero(tree.children_left < 0).tolist()
            if all(is_true(clause, row) for clause in texts[leaf].split("; ") if clause)
        ]
        assert met == [walked(tree, inputs, row)]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1e-9, 0.01, 1.0, 37.3, 1e7, 1e12]))
def test_every_clause_is_true_whatever_the_scale_of_the_numbers(seed: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    customers = pl.DataFrame(
        {"x": random.normal(size=400) * scale, "n": random.integers(0, 9, 400) * int(scale + 1)}
    )
    did = pl.Series(random.random(400) < 0.5)
    fields = {name: OTHERS[name] for name in ("x", "n")}
    tree, inputs, texts, _ = explained(customers, did, fields)
    for row in customers.to_dicts():
        text = texts[walked(tree, inputs, row)]
        assert all(is_true(clause, row) for clause in text.split("; "))


def test_a_number_that_single_precision_moves_over_a_threshold_is_told_truly() -> None:
    about = 2**24  # from here on only even numbers are exact
    fitted = pl.DataFrame({"n": [about + 2, about + 6] * 30})
    tree, inputs, _, _ = explained(fitted, fitted["n"] > about + 4, {"n": OTHERS["n"]}, 2)
    tonight = pl.DataFrame({"n": [about + 5, about + 7]})
    nodes = tree.apply(tree_matrix(tonight, inputs))
    seen = seen_in(tonight, inputs, nodes)
    texts = leaf_reasons(tree, inputs, [0.0, 0.1, 0.9], seen, {"n": OTHERS["n"]}, Shop())
    assert reasons_of(nodes, texts, "because").to_list() == [
        "n is 16,777,221",
        "n is more than 16,777,220",
    ]


def test_a_value_that_the_fit_did_not_know_is_missing() -> None:
    fitted = pl.DataFrame({"place": ["Clifton", "Saddar"] * 30})
    fields = {"place": OTHERS["place"]}
    tree, inputs, _, _ = explained(fitted, fitted["place"] == "Saddar", fields, 2)
    tonight = pl.DataFrame({"place": ["Clifton", "Saddar", "Korangi"]})
    nodes = tree.apply(tree_matrix(tonight, inputs))
    seen = seen_in(tonight, inputs, nodes)
    texts = leaf_reasons(tree, inputs, [0.0, 0.1, 0.9], seen, fields, Shop())
    clifton, saddar, new = reasons_of(nodes, texts, "because").to_list()
    assert new in {"place is not Clifton", "place is not Saddar"}
    assert new in {clifton, saddar}
    assert {clifton, saddar} - {new} <= {"place is Clifton", "place is Saddar"}


def test_the_field_that_moved_the_score_most_stands_first() -> None:
    random = np.random.default_rng(3)
    a, b = random.integers(0, 2, 2_000), random.integers(0, 2, 2_000)
    customers = pl.DataFrame({"n": a, "x": b})
    did = pl.Series(random.random(2_000) < 0.1 + 0.2 * a + 0.6 * b)
    fields = {name: OTHERS[name] for name in ("n", "x")}
    _, _, texts, _ = explained(customers, did, fields, 4)
    assert "x is 0; n is 0" in texts
    _, _, short, _ = explained(customers, did, fields, 4, most=1)
    assert set(short) == {"", "x is 0", "x is at least 1"}


def test_a_value_that_nobody_has_between_is_said_to_be_the_smallest() -> None:
    customers = pl.DataFrame({"share_laptops": [0.0] * 100 + [0.3, 0.8] * 50})
    fields: Catalogue = {
        "share_laptops": Field("share_laptops", "number", "purchases"),
        "favourite_category": Field("favourite_category", "category", "purchases", ("Laptops",)),
    }
    inputs, matrix = [Input("share_laptops", "number")], customers.to_numpy().astype(np.float32)
    tree = fit_tree(matrix, (matrix[:, 0] > 0).astype(np.int8), 2)
    seen = seen_in(customers, inputs, tree.apply(matrix))
    texts = leaf_reasons(tree, inputs, [0.0, 1.0, 2.0], seen, fields, Shop())
    assert texts == ("", "nothing in Laptops yet", "spends over 15% on Laptops")


def test_missing_is_said_only_where_somebody_has_no_value() -> None:
    customers = pl.DataFrame({"n": [1, 2, None] * 40})
    did = customers["n"].is_null()
    _, _, texts, _ = explained(customers, did, {"n": OTHERS["n"]}, 2)
    assert sorted(texts) == ["", "n is known", "n is not known"]


def test_missing_that_is_parted_later_leaves_the_earlier_end_in_place() -> None:
    customers = pl.DataFrame({"n": [1, 2] * 40 + [9] * 80 + [None] * 40})
    did = pl.Series([False] * 80 + [True] * 80 + [True, False, False, False] * 10)
    _, _, texts, _ = explained(customers, did, {"n": OTHERS["n"]}, 3)
    assert sorted(filter(None, texts)) == ["n is at most 5", "n is more than 5", "n is not known"]


def test_a_tree_of_one_leaf_has_nothing_to_say() -> None:
    customers = pl.DataFrame({"n": [1] * 50})
    _, _, texts, _ = explained(customers, pl.Series([True, False] * 25), {"n": OTHERS["n"]})
    assert texts == ("",)


POINT_INPUTS = [Input(name, "number") for name in ("recency_days", "frequency", "age")]
POINT_FIELDS: Catalogue = {"age": Field("age", "number", "customers")}


def test_the_largest_points_come_first_with_their_direction() -> None:
    points = np.array([[0.54, 0.8, -0.21], [-0.5, 0.5, 0.04], [0.0, 0.01, np.nan]])
    values = np.array([[-1.0, 2.0, np.nan], [1.0, 0.4, -1.0], [0.0, 0.1, np.nan]])
    assert point_reasons(points, values, POINT_INPUTS, POINT_FIELDS).to_list() == [
        "buys often (+0.8); bought lately (+0.5); age is not known (-0.2)",
        "buys often (+0.5); has not bought for long (-0.5)",
        AVERAGE,
    ]


def test_points_are_those_that_a_person_would_pick_row_by_row() -> None:
    random = np.random.default_rng(5)
    points, values = random.normal(size=(500, 3)), random.normal(size=(500, 3))
    values[random.random((500, 3)) < 0.1] = np.nan
    found = point_reasons(points, values, POINT_INPUTS, POINT_FIELDS, most=2).to_list()
    for row, stands, text in zip(points.tolist(), values.tolist(), found, strict=True):
        largest = sorted(range(3), key=lambda at: -abs(row[at]))[:2]
        told = [
            f"{_standing(POINT_INPUTS[at], stands[at])} ({row[at]:+.1f})"
            for at in largest
            if round(row[at], 1)
        ]
        assert text == ("; ".join(told) or AVERAGE)


def _standing(entering: Input, value: float) -> str:
    side: Side = "missing" if np.isnan(value) else "high" if value > 0 else "low"
    return trait(entering, side, POINT_FIELDS)


def test_nobody_and_nothing_have_reasons_too() -> None:
    nobody = point_reasons(np.empty((0, 3)), np.empty((0, 3)), POINT_INPUTS, POINT_FIELDS)
    assert nobody.to_list() == []
    assert nobody.dtype == pl.String
    assert point_reasons(np.empty((2, 0)), np.empty((2, 0)), [], {}).to_list() == [AVERAGE] * 2
