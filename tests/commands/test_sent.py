"""targeting sent: a mark that the lists have left the house."""

from __future__ import annotations

from tests.kit.shop import ShopFolder


def test_a_run_is_marked_and_history_says_so(small: ShopFolder) -> None:
    assert small.run_here("run").code == 0
    (folder,) = small.runs
    ran = small.run_here("sent", folder.name)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{folder.name} is marked as sent; it cannot be undone any more\n"
    (row,) = small.run_here("history", "--json").json
    assert (row["sent"], row["undone"]) == (True, False)
    assert small.run_here("history").out.splitlines()[1].endswith("  sent")


def test_once_is_enough(small: ShopFolder) -> None:
    assert small.run_here("run").code == 0
    name = small.runs[0].name
    for _ in range(2):
        assert small.run_here("sent", name, "--json").json == {"run_id": name, "sent": True}
    log = small.folder / "out/ledger/_delta_log"
    before = len(list(log.glob("*.json")))
    assert small.run_here("sent", name).code == 0
    assert len(list(log.glob("*.json"))) == before


def test_a_run_that_is_not_there(small: ShopFolder) -> None:
    ran = small.run_here("sent", "2026-11-24-00000000")
    assert (ran.code, ran.out) == (1, "")
    assert "error L106: there is no committed run '2026-11-24-00000000'" in ran.err
    assert "no run has been made here yet" in ran.err
    assert small.run_here("run").code == 0
    assert "error L106" in small.run_here("sent", "2026-11-24-00000000").err


def test_a_dry_run_was_sent_to_nobody(small: ShopFolder) -> None:
    assert small.run_here("run", "--dry-run").code == 0
    ran = small.run_here("sent", small.runs[0].name)
    assert (ran.code, "error L106" in ran.err) == (1, True)


def test_an_undone_run_cannot_be_sent(small: ShopFolder) -> None:
    assert small.run_here("run").code == 0
    name = small.runs[0].name
    assert small.run_here("undo", name).code == 0
    assert "error L107" in small.run_here("sent", name).err
