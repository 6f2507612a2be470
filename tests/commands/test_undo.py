"""targeting undo: a run's contacts count no more, and its folder says so by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from targeting.ledger.commit import undo_run
from targeting.ledger.table import find_ledger
from tests.kit.shop import SMALL, ShopFolder, shop

LIMIT = "contact_limits: [{channel: any, at_most: 1, within: 30 days}]\n"


@pytest.fixture
def limited(tmp_path: Path) -> ShopFolder:
    """A shop that contacts nobody twice a month."""
    return shop(tmp_path / "shop", {"rules/policy.yaml": SMALL["rules/policy.yaml"] + LIMIT})


def latest(made: ShopFolder) -> str | None:
    path = made.folder / "out/latest"
    return path.read_text().strip() if path.exists() else None


def selected(made: ShopFolder, *asked: str) -> int:
    ran = made.run_here("run", *asked, "--json")
    assert ran.code == 0, ran.err
    return int(ran.json["rules"][0]["selected"])


def test_an_undone_contact_counts_no_more(limited: ShopFolder) -> None:
    assert selected(limited, "--as-of", "2026-11-24") == 1
    first = limited.runs[0].name
    assert selected(limited, "--as-of", "2026-11-25") == 0
    second = limited.runs[1].name
    for name in (second, first):
        assert limited.run_here("undo", name).code == 0
    assert selected(limited, "--as-of", "2026-11-25") == 1
    marks = [
        (row["as_of"], row["undone"]) for row in limited.run_here("history", "a", "--json").json
    ]
    assert marks == [("2026-11-25", False), ("2026-11-24", True)]


def test_the_folder_is_renamed_and_the_same_run_gets_a_suffix(limited: ShopFolder) -> None:
    assert selected(limited) == 1
    name = limited.runs[0].name
    ran = limited.run_here("undo", name)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0].startswith(f"{name} is undone")
    assert ran.out.splitlines()[-1] == "the newest run that counts is none"
    assert [path.name for path in limited.runs] == [f"{name}-undone"]
    assert latest(limited) is None
    assert selected(limited) == 1
    assert latest(limited) == f"{name}-2"
    assert limited.run_here("undo", f"{name}-2").code == 0
    assert selected(limited) == 1
    assert latest(limited) == f"{name}-3"
    names = [f"{name}-2-undone", f"{name}-3", f"{name}-undone"]
    assert [path.name for path in limited.runs] == names


def test_latest_names_the_newest_that_counts(small: ShopFolder) -> None:
    for day in ("2026-11-22", "2026-11-23", "2026-11-24"):
        selected(small, "--as-of", day)
    first, second, third = (path.name for path in small.runs)
    ran = small.run_here("undo", second, "--json")
    assert ran.json["latest"] == latest(small) == third
    assert small.run_here("undo", third, "--json").json == {
        "run_id": third, "undone": True, "folder": f"out/{third}-undone", "latest": first,
    }  # fmt: skip
    assert latest(small) == first


def test_of_two_runs_of_a_day_the_later_is_the_newest(small: ShopFolder) -> None:
    selected(small)
    early = small.runs[0].name
    for city in ("Karachi", "Quetta"):
        text = SMALL["customers.csv"].replace("a,18,Lahore", f"a,18,{city}")
        small.write("customers.csv", text)
        selected(small)
    third = latest(small)
    (second,) = (path.name for path in small.runs if path.name not in (early, third))
    assert third is not None
    assert small.run_here("undo", third, "--json").json["latest"] == second


def test_what_was_sent_cannot_be_undone(small: ShopFolder) -> None:
    selected(small)
    name = small.runs[0].name
    assert small.run_here("sent", name).code == 0
    ran = small.run_here("undo", name)
    assert (ran.code, ran.out) == (1, "")
    assert f"error L108: run '{name}' was marked as sent" in ran.err
    assert (latest(small), [path.name for path in small.runs]) == (name, [name])


def test_twice_is_refused_and_so_is_what_never_was(small: ShopFolder) -> None:
    assert "error L106" in small.run_here("undo", "2026-11-24-00000000").err
    selected(small)
    name = small.runs[0].name
    assert small.run_here("undo", name).code == 0
    assert "error L107" in small.run_here("undo", name).err


def test_a_killed_undo_is_finished_by_the_next_command(limited: ShopFolder) -> None:
    selected(limited, "--as-of", "2026-11-24")
    selected(limited, "--as-of", "2026-11-25")
    first, second = (path.name for path in limited.runs)
    out = limited.folder / "out"
    ledger = find_ledger(str(out / "ledger"), out / "ledger.key")
    assert ledger is not None
    undo_run(ledger, second)  # and there it was killed
    assert limited.run_here("sent", first).code == 0
    assert [path.name for path in limited.runs] == [first, f"{second}-undone"]
    assert latest(limited) == first


def test_a_rename_without_latest_is_finished_too(limited: ShopFolder) -> None:
    selected(limited, "--as-of", "2026-11-24")
    selected(limited, "--as-of", "2026-11-25")
    first, second = (path.name for path in limited.runs)
    assert limited.run_here("undo", second).code == 0
    (limited.folder / "out/latest").write_text(second + "\n")  # as before it was written anew
    assert limited.run_here("undo", first).code == 0
    assert latest(limited) is None


def test_a_broken_rule_does_not_keep_a_run_from_being_undone(small: ShopFolder) -> None:
    selected(small)
    small.write("rules/marketing/hello.yaml", "title: [")
    assert small.run_here("undo", small.runs[0].name).code == 0
