from __future__ import annotations

from pathlib import Path

import pytest

from targeting.scoring.check import check_scores
from targeting.workspace.load import load

SETTINGS = """\
sources:
  customers: {file: c.csv, columns: {customer_id: id, age: Age, city: City, loyal: Loyal, seen: S}}
  purchases: {file: p.csv, columns: {customer_id: id, purchased_on: d, amount: a, category: c}}
fields:
  age: {type: number}
  city: {type: category, values: [Karachi, Lahore]}
  loyal: {type: yes/no}
  seen: {type: date}
  category: {type: category, values: [Phones, Laptops]}
"""
SEGMENTS = """\
features:
  frequency: {}
  FEATURE: {scale: plain}
names:
  One: {frequency: high}
  Two: {}
"""
SCORES = """\
likelihood:
  predicts: PREDICTS
  from: [recency_days, city, INPUT]
  judged_on: {}
"""


def problems(
    folder: Path,
    *,
    feature: str = "monetary",
    predicts: str = "{buys_within: 30 days}",
    input_: str = "age",
    settings: str = SETTINGS,
    more: str = "",
) -> list[str]:
    (folder / "segments").mkdir()
    (folder / "targeting.yaml").write_text(settings)
    (folder / "segments/customers.yaml").write_text(SEGMENTS.replace("FEATURE", feature))
    scores = SCORES.replace("PREDICTS", predicts).replace("INPUT", input_) + more
    (folder / "segments/likelihood.yaml").write_text(scores)
    workspace, found = load(folder)
    assert found == []
    assert workspace is not None
    return [str(problem) for problem in check_scores(workspace)]


def test_what_is_right_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path) == []


def test_an_unknown_feature_is_reported_at_its_place_with_the_right_word(tmp_path: Path) -> None:
    assert problems(tmp_path, feature="monetery") == [
        "segments/customers.yaml:3:3: error F001: 'monetery' is not a field\n"
        "    3 |   monetery: {scale: plain}\n"
        "      |   ^^^^^^^^\n"
        "      = help: did you mean 'monetary'?"
    ]


def test_an_unknown_input_is_reported_inside_the_list(tmp_path: Path) -> None:
    assert problems(tmp_path, input_="agee") == [
        "segments/likelihood.yaml:3:30: error F001: 'agee' is not a field\n"
        "    3 |   from: [recency_days, city, agee]\n"
        "      |                              ^^^^\n"
        "      = help: did you mean 'age'?"
    ]


@pytest.mark.parametrize(
    ("feature", "says"),
    [
        ("city", "T001: 'city' is a category field, and only number, money or yes/no can stand"),
        ("seen", "T001: 'seen' is a date field"),
        ("segment", "V001: 'segment' is itself a score"),
    ],
)
def test_a_feature_of_another_type_is_refused(tmp_path: Path, feature: str, says: str) -> None:
    (found,) = problems(tmp_path, feature=feature)
    assert says in found


@pytest.mark.parametrize(
    ("predicts", "says"),
    [
        ("{field: loyall, is: yes}", "2:21: error F001: 'loyall' is not a field"),
        ("{field: loyal, is: maybe}", "2:32: error T001: 'maybe' is not yes or no"),
        (
            "{field: favourite_category, is: Phone}",
            "2:45: error V001: 'Phone' is not one of its values",
        ),
        ("{field: city, is: Lahore}", "3:24: error V001: 'city' is what is predicted"),
        ("{field: seen, is: yes}", "2:21: error T001: 'seen' is a date field"),
        ("{buys_within: 1 day, in: {categry: Phones}}", "F001: 'categry' is not a column of"),
        ("{buys_within: 1 day, in: {category: Phone}}", "V001: 'Phone' is not one of its values"),
        ("{buys_within: 1 day, in: {amount: 5}}", "T001: 'amount' is a money column"),
    ],
)
def test_a_label_that_cannot_be_made_is_refused(tmp_path: Path, predicts: str, says: str) -> None:
    (found,) = problems(tmp_path, predicts=predicts)
    assert says in found


def test_a_label_from_purchases_needs_purchases(tmp_path: Path) -> None:
    settings = "\n".join(line for line in SETTINGS.splitlines() if "purchases" not in line)
    found = problems(tmp_path, settings=settings)
    assert any("can only be learnt from purchases, and there are none" in each for each in found)


@pytest.mark.parametrize(
    ("predicts", "judged_on", "says"),
    [
        ("{buys_within: 1 day}", "{share: 25%}", "not on a share"),
        ("{field: loyal, is: yes}", "{newest: 30 days}", "a label that is a field has no time"),
        ("{field: loyal, is: yes}", "{share: 100%}", "leaves nobody to learn from, or to judge"),
    ],
)
def test_the_way_of_judging_fits_the_label(
    tmp_path: Path, predicts: str, judged_on: str, says: str
) -> None:
    more = f"churn:\n  predicts: {predicts}\n  from: [age]\n  judged_on: {judged_on}\n"
    (found,) = problems(tmp_path, more=more)
    assert says in found


def test_a_tree_of_one_leaf_and_a_regression_of_words_are_refused(tmp_path: Path) -> None:
    more = (
        "  leaves: 1\n"
        "compare:\n  linear_regression: {target: city, from: [age, categories_bought]}\n"
    )
    found = problems(tmp_path, more=more)
    assert [each.splitlines()[0].split(": ", 2)[2] for each in found] == [
        "a tree with 1 leaves tells nobody apart",
        "'city' is a category field, and only number or money can stand here",
        "'categories_bought' is a list field, and only number, money or yes/no can stand here",
    ]
