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
