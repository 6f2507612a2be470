"""`keep:` lets old runs and old months go, and nothing that a rule still needs."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from targeting.ledger.runs import known_runs
from targeting.plan import prepare
from targeting.run_folder.keep import Aged, erase_old
from targeting.run_folder.ledger import known_ledger
from tests.kit.shop import SMALL, ShopFolder, shop

TODAY = dt.date(2026, 11, 24)
NIGHTS = ("2026-06-30", "2026-08-26", "2026-09-30", "2026-11-24")
KEEP = "keep: {runs: 90 days, ledger: 2 months}\n"


@pytest.fixture(scope="module")
def run_on_four_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = shop(tmp_path_factory.mktemp("four") / "shop")
    for night in NIGHTS:
        ran = made.run_here("run", "--as-of", night)
        assert ran.code == 0, ran.err
    return made.folder


@pytest.fixture
def four(run_on_four_nights: Path, tmp_path: Path) -> ShopFolder:
    shutil.copytree(run_on_four_nights, tmp_path / "shop")
    return ShopFolder(tmp_path / "shop")


@pytest.fixture
def small(tmp_path: Path) -> ShopFolder:
    return shop(tmp_path / "shop")


def years(made: ShopFolder, *, policy: str = "", rule: str = "", keep: str = KEEP) -> Aged:
    """Erase what is old by what the workspace says now."""
    made.write("targeting.yaml", SMALL["targeting.yaml"] + keep)
    made.write("rules/policy.yaml", SMALL["rules/policy.yaml"] + policy)
    if rule:
        text = SMALL["rules/marketing/hello.yaml"].replace("priority: 1\n", f"priority: 1\n{rule}")
        made.write("rules/marketing/hello.yaml", text)
    return again(made)


def again(made: ShopFolder) -> Aged:
    plan = prepare(made.folder)
    out = made.folder / "out"
    ledger = known_ledger(plan.workspace, out)
    return erase_old(out, plan.workspace, plan.contact_rules, ledger, TODAY)


def nights(made: ShopFolder) -> list[str]:
    return [path.name[:10] for path in made.runs]


def in_ledger(made: ShopFolder) -> list[str]:
    ledger = known_ledger(prepare(made.folder).workspace, made.folder / "out")
    return [day.isoformat() for day in known_runs(ledger)["as_of"]]


def test_what_is_older_than_said_goes(four: ShopFolder) -> None:
    aged = years(four)
    assert nights(four) == list(NIGHTS[1:])  # 90 days before the 24th of November
    assert in_ledger(four) == ["2026-09-30", "2026-11-24"]
    assert [name[:10] for name in aged.runs] == ["2026-06-30"]
    assert (aged.ledger_before, aged.kept_for) == (dt.date(2026, 9, 1), ())
    assert again(four).runs == ()


def test_without_keep_nothing_goes(four: ShopFolder) -> None:
    assert years(four, keep="") == Aged()
    assert (nights(four), in_ledger(four)) == ([*NIGHTS], [*NIGHTS])


@pytest.mark.parametrize(
    "needs",
    [
        {"policy": "contact_limits: [{channel: any, at_most: 1, within: 5 months}]\n"},
        {"policy": "cooldown: 5 months\n"},
        {"rule": "cooldown: 5 months\n"},
        {"rule": "cooldown: 5 months\nactive: {from: 2027-01-01}\n"},
    ],
)
def test_a_month_that_a_limit_or_cooldown_counts_stays(
    four: ShopFolder, needs: dict[str, str]
) -> None:
    assert years(four, **needs).ledger_before == dt.date(2026, 6, 1)
    assert in_ledger(four) == [*NIGHTS]


def test_a_cooldown_for_ever_needs_all_of_it(four: ShopFolder) -> None:
    aged = years(four, rule="cooldown: ever\n")
    assert (aged.ledger_before, aged.kept_for) == (None, ("hello",))
    assert in_ledger(four) == [*NIGHTS]


def test_the_latest_run_stays_however_old(small: ShopFolder) -> None:
    assert small.run_here("run", "--as-of", "2020-01-01").code == 0
    small.write("targeting.yaml", SMALL["targeting.yaml"] + KEEP)
    assert again(small).runs == ()
    assert nights(small) == ["2020-01-01"]


def test_dry_and_undone_runs_grow_old_too_and_strangers_do_not(small: ShopFolder) -> None:
    assert small.run_here("run", "--as-of", "2026-01-01", "--dry-run").code == 0
    assert small.run_here("run", "--as-of", "2026-01-01").code == 0
    assert small.run_here("undo", small.runs[0].name).code == 0
    (small.folder / "out/2026-01-01-mine").mkdir()
    small.write("targeting.yaml", SMALL["targeting.yaml"] + KEEP)
    assert len(again(small).runs) == 2
    assert small.left == ["2026-01-01-mine", "ledger", "ledger.key", "models"]
