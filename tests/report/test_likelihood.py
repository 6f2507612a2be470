"""What the report says of a likelihood, from small mappings as the manifest has them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from targeting.report.about_likelihood import about_likelihood
from targeting.report.beside_others import Gap, beside
from targeting.report.drift_words import moved_inputs
from targeting.report.likelihood_figures import figures_table, how_well, what_scores
from targeting.report.likelihood_pictures import likelihood_pictures
from targeting.report.numbers import Night, analysis
from targeting.report.parts import Table
from targeting.report.speech import Speech
from targeting.workspace.settings import Shop

SAY = Speech(Shop(currency="USD", region="US", locale="en_US"))
LEAK = {"code": "L002", "field": "seen_on", "text": "'seen_on' lies after the cut-off"}


def row(table: Table, begin: str) -> tuple[str, ...]:
    (found,) = [cells for cells in table.rows if cells[0].startswith(begin)]
    return found


def said(model: dict[str, Any]) -> str:
    return " ".join([*what_scores(model, SAY), *how_well(model, SAY)])


def test_a_figure_stands_with_its_interval() -> None:
    table = figures_table({"auc": 0.8123456, "intervals": {"auc": [0.701, 0.902]}}, SAY)
    assert table.rows == (
        ("Puts buyers before others (AUC; 0.5 is chance)", "0.812", "0.701 to 0.902"),
    )


def test_a_figure_that_is_no_number_is_not_shown() -> None:
    assert figures_table({"auc": math.nan, "brier": None, "ece": math.inf}, SAY).rows == ()


def test_the_calibration_error_stands_beside_its_floor_and_not_its_interval() -> None:
    model = {"ece": 0.13, "ece_floor_mean": 0.09, "intervals": {"ece": [0.2, 0.3]}}
    table = figures_table(model, SAY)
    assert row(table, "Calibration error")[1:] == ("0.130", "–")
    assert row(table, "… of a perfect model")[1] == "0.090"


def test_accuracy_stands_beside_that_of_the_same_answer_for_everyone() -> None:
    table = figures_table({"accuracy": 0.92, "base_rate": 0.88}, SAY)
    assert row(table, "Accuracy of the same answer for everyone")[1] == "88%"
    table = figures_table({"accuracy": 0.92, "base_rate": 0.12}, SAY)
    assert row(table, "Accuracy of the same answer for everyone")[1] == "88%"


@pytest.mark.parametrize(
    ("error", "words"),
    [(0.05, "can be taken at their word"), (0.051, "not as promises"), (0.0, "at their word")],
)
def test_percentages_are_believed_up_to_the_floor(error: float, words: str) -> None:
    assert words in said({"ece": error, "ece_floor_mean": 0.03, "ece_floor_95": 0.05})


def test_percentages_that_are_too_high_are_said_to_be() -> None:
    model = {
        "ece": 0.3,
        "ece_floor_95": 0.05,
        "base_rate": 0.25,
        "calibration": [
            {"customers": 30, "mean_score": 0.8, "share": 0.3},
            {"customers": 10, "mean_score": 0.2, "share": 0.1},
        ],
    }
    assert "On average 65% was said and 25% did." in said(model)


def test_where_a_field_knows_the_answer_nothing_is_taken_at_its_word() -> None:
    model = {"ece": 0.01, "ece_floor_95": 0.05, "warnings": [LEAK]}
    assert "a field knows the answer" in said(model)
    assert "at their word" not in said(model)


def test_where_points_took_over_the_page_says_why() -> None:
    model = {
        "model": "tree",
        "scored_by": "points",
        "validation": {"rows": 1743, "teacher": 0.5717, "tree": 0.5481},
    }
    text = said(model)
    assert text.startswith("Points score: ")
    assert "Asked for was one tree that learnt from the blend." in text
    assert "In validation on 1,743 customers one tree reached an AUC of 0.548" in text
    assert "it trails by 0.024, more than the 0.01 allowed, so points score." in text


def test_a_tree_close_to_its_teacher_says_so() -> None:
    model = {
        "model": "tree",
        "scored_by": "tree",
        "validation": {"rows": 2464, "teacher": 0.8605, "tree": 0.8557},
    }
    assert "it trails by no more than the 0.01 allowed." in said(model)


def test_the_base_rate_is_given_with_its_reason() -> None:
    model = {
        "model": "tree",
        "scored_by": "base_rate",
        "warnings": [{"code": "M004", "text": "the model is no better than chance (0.501)"}],
    }
    text = said(model)
    assert text.startswith("Everyone gets the base rate")
    assert "Why: the model is no better than chance (0.501)." in text
    assert "The figures are those of the model that was given up." in text


OTHERS = {
    "rfm": {"auc": 0.7, "differences": {"auc": [0.1, 0.05, 0.15], "brier": [-0.02, -0.03, -0.01]}},
    "bgnbd": {"auc": 0.81, "differences": {"auc": [-0.01, -0.03, 0.01]}},
}


def compared(others: dict[str, Any]) -> Any:
    model = {"scored_by": "cart", "auc": 0.8}
    return beside(model, others, "Beside simpler ways", "simpler ways", SAY)


def test_a_difference_whose_interval_holds_nothing_is_within_chance() -> None:
    assert Gap(0.01, 0.0, 0.02).verdict == "within chance"
    assert Gap(0.01, 0.001, 0.02).verdict == "better"
    assert Gap(-0.01, -0.02, -0.001).verdict == "worse"


def test_each_way_stands_with_the_gap_to_this_model() -> None:
    table = compared(OTHERS).table
    assert row(table, "This model: a plain tree (CART)")[1:3] == ("0.800", "–")
    assert row(table, "RFM score")[1:5] == ("0.700", "+0.100", "0.050 to 0.150", "better")
    assert row(table, "BG/NBD")[1:5] == ("0.810", "-0.010", "-0.030 to 0.010", "within chance")


def test_the_best_other_way_is_named_and_chance_with_it() -> None:
    assert compared(OTHERS).reading == (
        "Best of the simpler ways: BG/NBD, with an AUC of 0.810; the difference to this model lies"
        " within chance (-0.030 to 0.010)."
    )
    assert compared({"rfm": OTHERS["rfm"]}).reading.endswith(
        "this model is better by 0.100, more than chance explains (0.050 to 0.150)."
    )


def test_every_difference_has_its_own_table() -> None:
    assert row(compared(OTHERS).gaps, "RFM score")[5] == "-0.020 (-0.030 to -0.010)"


def test_without_differences_the_figures_still_stand() -> None:
    found = compared({"rfm": {"auc": 0.7}, "odd_way": {}})
    assert found.reading == "Best of the simpler ways: the RFM score, with an AUC of 0.700."
    assert row(found.table, "odd_way")[1:5] == ("–", "–", "–", "–")


def test_without_others_there_is_no_comparison() -> None:
    assert compared({}) is None


def test_a_tenth_that_holds_more_than_the_one_before_is_named() -> None:
    (picture,) = likelihood_pictures("l", {"deciles": [2.0, 1.0, 1.5, 1.4]}, SAY)
    assert "see tenth 3" in picture.reading
    model = {"deciles": [2.0, 1.0, 0.5], "share_top_fifth": 0.387}
    (picture,) = likelihood_pictures("l", model, SAY)
    assert picture.reading == (
        "The tenth of customers with the highest likelihood holds 20% of the buyers, 2 times the"
        " average. The top fifth holds 39% of them."
    )


def test_lift_that_cannot_be_told_is_not_drawn() -> None:
    assert likelihood_pictures("l", {"deciles": [None] * 10, "calibration": []}, SAY) == ()


def drift(level: str) -> dict[str, Any]:
    return {"likelihood": [{"field": "age", "psi": 0.3, "level": level, "said": f"age: {level}"}]}


def test_only_what_has_moved_is_listed() -> None:
    (still,) = moved_inputs({"drift": drift("little")}, "likelihood", SAY)
    assert (still.lines, "nothing has moved more than a little" in still.reading) == ((), True)
    (moved,) = moved_inputs({"drift": drift("some")}, "likelihood", SAY)
    assert moved.lines == ("age: some",)


def test_the_last_refit_is_told_apart_from_tonight() -> None:
    manifest = {"drift": drift("much"), "since_last_fit": {"drift": drift("little")}}
    tonight, refit = moved_inputs(manifest, "likelihood", SAY)
    assert tonight.reading.startswith("Since the model was made")
    assert "between the last two fits" in refit.reading


def test_after_a_first_fit_nothing_is_said_of_a_last_one() -> None:
    assert moved_inputs({"drift": {}, "since_last_fit": {}}, "likelihood", SAY) == []


def test_leakage_stands_before_other_warnings(full_night: Night) -> None:
    (chapter,) = about_likelihood(full_night, analysis(full_night), SAY)
    assert chapter.warnings[0].text == "Do not rely on this likelihood yet: frequency says it all"
    assert len(chapter.warnings) == 2


def test_the_reasons_of_both_ends_are_counted(full_night: Night) -> None:
    (chapter,) = about_likelihood(full_night, analysis(full_night), SAY)
    high, low = chapter.reasons
    assert high.caption == "Why the 2 likeliest customers (80% to 90%) score so"
    assert high.rows == (("buys often", "for", "2", "100%"), ("is new", "against", "2", "100%"))
    assert low.rows[0] == ("buys seldom", "against", "3", "100%")


def test_a_likelihood_without_any_figure_has_its_chapter(full_night: Night) -> None:
    nobody: dict[str, Any] = {
        "model": "tree", "scored_by": "none", "label": "is_in is yes", "train": {}, "judged": {},
        "base_rate": None, "auc": None, "ece": None, "accuracy": None, "intervals": {},
        "baselines": {}, "compared": {}, "calibration": [], "deciles": [], "validation": None,
        "warnings": [{"code": "M003", "field": "is_in", "text": "there is no label"}],
    }  # fmt: skip
    night = replace(full_night, manifest={"scores": {"likelihood": nobody}}, trees={})
    (chapter,) = about_likelihood(night, analysis(night), SAY)
    assert chapter.scores == ("Nobody gets a score.", "Why: there is no label.")
    assert (chapter.figures.rows, chapter.pictures, chapter.comparisons) == ((), (), ())
