"""targeting fit: new models, judged, for the runs that follow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.shops import BUYERS, LIKELIHOOD, SEGMENTS, STOP_IF, many_purchases
from tests.kit.shop import ShopFolder, shop


@pytest.fixture
def scored(tmp_path: Path) -> ShopFolder:
    files = {
        "targeting.yaml": BUYERS["targeting.yaml"] + STOP_IF,
        "purchases.csv": many_purchases(),
        "segments/customers.yaml": SEGMENTS,
        "segments/likelihood.yaml": LIKELIHOOD,
    }
    return shop(tmp_path, BUYERS | files, bare=True)


def test_fit_says_how_well_the_models_do_and_saves_them(scored: ShopFolder) -> None:
    ran = scored.run_here("fit")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("likelihood: buys within 30 days, judged on ")
    assert "  base_rate " in ran.out
    assert ran.out.endswith("saved in out/models\n")
    assert scored.left == ["models"]
    saved = (scored.folder / "out/models/models.json").read_bytes()
    run = scored.run_here("run", "--json")
    assert run.code == 0, run.err
    assert (scored.folder / "out/models/models.json").read_bytes() == saved


def test_fit_for_machines_gives_the_figures_of_the_manifest(scored: ShopFolder) -> None:
    fitted = scored.run_here("fit", "--json").json
    assert fitted == scored.run_here("run", "--json").json["scores"]


def test_every_figure_of_both_tables_is_that_of_the_json(scored: ShopFolder) -> None:
    text, figures = scored.run_here("fit").out, scored.run_here("fit", "--json").json["likelihood"]
    low, high = figures["intervals"]["auc"]
    assert f"  auc {figures['auc']:22.3f}{f'{low:.3f} to {high:.3f}':>18}\n" in text
    simple, other = text.split("\n\n")[1:3]
    for table, others in ((simple, figures["baselines"]), (other, figures["compared"])):
        lines = {line[:14].strip(): line for line in table.splitlines()}
        assert f"{figures['auc']:z.3f}" in lines["this model"]
        for name, told in others.items():
            gap, low, high = told["differences"]["auc"]
            assert f" {told['auc']:z.3f} " in lines[name]
            assert f" {gap:+z.3f} ({low:z.3f} to {high:z.3f})" in lines[name]
            assert lines[name].endswith("within chance") == (low <= 0 <= high)


def test_the_tables_fit_a_terminal_of_100_columns(scored: ShopFolder) -> None:
    scored.run_here("fit", "--as-of", "2026-10-20")
    lines = scored.run_here("fit").out.splitlines()
    assert max(map(len, lines)) <= 100
    assert all(line == line.rstrip() for line in lines)


def test_the_calibration_error_stands_beside_that_of_a_perfect_model(scored: ShopFolder) -> None:
    text = scored.run_here("fit").out
    (line,) = [line for line in text.splitlines() if line.startswith("  ece ")]
    assert " a perfect model has " in line
    assert " to " not in line


def test_a_first_fit_says_nothing_of_the_last_and_a_second_does(scored: ShopFolder) -> None:
    first = scored.run_here("fit", "--as-of", "2026-10-20").out
    assert ("since the last fit" in first, "by this fit" in first) == (False, False)
    second = scored.run_here("fit").out
    assert "  since the last fit" in second
    assert "by this fit" in second


def test_the_segments_are_told_with_their_stability(scored: ShopFolder) -> None:
    text = scored.run_here("fit").out
    assert "segments: 2, fitted on 60 customers\n  stability " in text


def test_the_numbers_of_segments_that_were_tried_are_listed(scored: ShopFolder) -> None:
    scored.write(
        "segments/customers.yaml", "features: {frequency: {}, monetary: {}}\nchoose: {at_most: 2}\n"
    )
    text = scored.run_here("fit").out
    (number, *_), *_ = map(str.split, text.partition("sum of squares\n")[2].splitlines())
    assert number == "2"


def test_a_base_rate_for_everyone_is_told_with_its_reason(scored: ShopFolder) -> None:
    scored.write("purchases.csv", many_purchases(12))
    ran = scored.run_here("fit")
    assert ran.code == 0, ran.err
    assert "  scored by base_rate; cart was asked for\n" in ran.out
    assert "everyone gets the base rate" in ran.out


def test_what_stops_a_run_stops_a_fit_and_may_be_accepted(scored: ShopFolder) -> None:
    late = ("fit", "--as-of", "2026-12-24")
    ran = scored.run_here(*late)
    assert (ran.code, "--accept newest_purchase_older_than" in ran.err) == (1, True)
    assert scored.left == []
    ran = scored.run_here(*late, "--accept", "newest_purchase_older_than")
    assert ran.code == 0, ran.err


def test_fit_replaces_damaged_models(scored: ShopFolder) -> None:
    scored.write("out/models/models.json", "{")
    assert scored.run_here("fit").code == 0
    ran = scored.run_here("run")
    assert (ran.code, "models" in ran.err) == (0, False)


def test_fit_of_a_shop_without_scores_has_nothing_to_say(small: ShopFolder) -> None:
    ran = small.run_here("fit")
    assert (ran.code, ran.out) == (0, "saved in out/models\n")
