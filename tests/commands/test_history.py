"""targeting history: what every run did, and all that was done to one customer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.kit.shop import SMALL, ShopFolder, shop

HELD = SMALL["rules/marketing/hello.yaml"].replace("then:", "holdout: 50%\nthen:")


@pytest.fixture
def made(tmp_path: Path) -> ShopFolder:
    """Two nights: on the 24th a and c are contacted, on the 25th one of them is held out."""
    customers = SMALL["customers.csv"].replace(
        "c,40,Lahore,c@example.com,no", "c,40,Lahore,c@example.com,yes"
    )
    made = shop(tmp_path / "shop", {"customers.csv": customers})
    assert made.run_here("run", "--as-of", "2026-11-24").code == 0
    made.write("rules/marketing/hello.yaml", HELD)
    assert made.run_here("run", "--as-of", "2026-11-25").code == 0
    return made


def test_each_run_and_rule_is_a_line_the_newest_first(made: ShopFolder) -> None:
    ran = made.run_here("history")
    assert (ran.code, ran.err) == (0, "")
    first, second = made.runs
    head, *lines = ran.out.splitlines()
    assert head.split() == [
        "day",
        "run",
        "rule",
        "channel",
        "contacts",
        "held",
        "out",
        "cost",
        "USD",
    ]
    assert lines[1].split() == ["2026-11-24", first.name, "hello", "email", "2", "0", "0.02"]
    assert lines[0].split()[:4] == ["2026-11-25", second.name, "hello", "email"]


def test_machines_get_the_same(made: ShopFolder) -> None:
    second, first = made.run_here("history", "--json").json
    assert first == {
        "run_id": made.runs[0].name, "as_of": "2026-11-24", "rule": "hello", "channel": "email",
        "contacts": 2, "held_out": 0, "cost": 0.02,
        "undone": False, "sent": False, "delivered": False,
    }  # fmt: skip
    assert second["contacts"] + second["held_out"] == 2
    assert second["cost"] == pytest.approx(0.01 * second["contacts"])


def test_a_customer_hears_of_every_contact_and_holdout(made: ShopFolder) -> None:
    rows = [made.run_here("history", who, "--json").json for who in ("a", "c")]
    assert [[row["as_of"] for row in each] for each in rows] == [["2026-11-25", "2026-11-24"]] * 2
    assert rows[0][1] == {
        "run_id": made.runs[0].name, "as_of": "2026-11-24", "rule": "hello", "channel": "email",
        "outcome": "selected", "cost": 0.01, "undone": False,
    }  # fmt: skip
    (told,) = made.run_here("history", "--since", "2026-11-25", "--json").json
    outcomes = sorted(each[0]["outcome"] for each in rows)
    assert outcomes == sorted(["held_out"] * told["held_out"] + ["selected"] * told["contacts"])
    assert "2026-11-24" in made.run_here("history", "a").out


def test_since_leaves_out_what_was_before(made: ShopFolder) -> None:
    assert len(made.run_here("history", "--since", "2026-11-25", "--json").json) == 1
    assert len(made.run_here("history", "a", "--since", "2026-11-25", "--json").json) == 1
    ran = made.run_here("history", "a", "--since", "2027-01-01")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "nobody has contacted or held out 'a' since 2027-01-01\n"


def test_a_run_that_contacted_nobody_is_told_too(small: ShopFolder) -> None:
    old = SMALL["rules/marketing/hello.yaml"].replace("at_least: 18", "at_least: 99")
    small.write("rules/marketing/hello.yaml", old.replace("age: 18", "age: 99"))
    assert small.run_here("run").code == 0
    (row,) = small.run_here("history", "--json").json
    assert (row["rule"], row["contacts"], row["cost"]) == (None, 0, 0)
    assert "(nobody)" in small.run_here("history").out


def test_an_id_that_nobody_knows(made: ShopFolder) -> None:
    ran = made.run_here("history", "zz")
    assert (ran.code, ran.out, ran.err) == (0, "", "nobody has contacted or held out 'zz'\n")
    assert made.run_here("history", "zz", "--json").json == []


def test_before_the_first_run_there_is_no_history_and_none_is_made(small: ShopFolder) -> None:
    for asked in ((), ("a",)):
        ran = small.run_here("history", *asked)
        assert (ran.code, ran.out, ran.err) == (0, "", "no run has been made here yet\n")
        assert small.run_here("history", *asked, "--json").json == []
    assert not (small.folder / "out").exists()


def test_a_broken_rule_hides_no_history(made: ShopFolder) -> None:
    made.write("rules/marketing/hello.yaml", "title: [")
    assert len(made.run_here("history", "--json").json) == 2
    made.write("rules/policy.yaml", "channels: {email: {adress: email}}\n")
    assert made.run_here("history").code == 1


def test_a_ledger_that_is_gone_is_not_an_empty_one(made: ShopFolder) -> None:
    shutil.rmtree(made.folder / "out/ledger")
    ran = made.run_here("history")
    assert (ran.code, "error L110" in ran.err) == (1, True)


def test_a_day_that_is_none(small: ShopFolder) -> None:
    assert small.run_here("history", "--since", "yesterday").code == 2
