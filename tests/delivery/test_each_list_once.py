"""Whatever happens between a run and a database, each contact is there once."""

from __future__ import annotations

import polars as pl
import pytest

from targeting.delivery.deliver import deliver_due
from targeting.delivery.rows import write_deliveries
from targeting.ledger.table import Ledger
from targeting.problems import Refused
from targeting.run_folder.erase import erase_files
from targeting.run_folder.traces import Traces
from tests.delivery.conftest import DAY, FIELDS, SHOP, Delivering, contacts, destination
from tests.ledger.kit import email, new_ledger, night

RUN = "2026-11-24-0000000a"
ALL = "SELECT customer_id FROM contacts_out ORDER BY customer_id"


def names(shop: Delivering, query: str = ALL) -> list[str]:
    return [name for (name,) in shop.rows(query)]


def test_a_run_is_delivered_with_its_lists_noted_and_its_mark_in_the_ledger(
    shop: Delivering,
) -> None:
    shop.made(RUN, contacts(3))
    shop.deliver()
    found = shop.rows("SELECT * FROM contacts_out ORDER BY customer_id")
    segment, name, born = "Lapsing loyalists", "Ayesha 🌙", "1990-02-28"
    assert [(*row[:5], float(row[5]), str(row[6])) for row in found] == [
        (RUN, "win_back", segment, "C0", name, 0.1, born),
        (RUN, "win_back", segment, "C1", name, 1.1, born),
        (RUN, "win_back", None, "C2", name, 2.1, born),
    ]
    noted = "SELECT destination, rule, segment, rows FROM targeting_delivered ORDER BY segment"
    assert shop.rows(noted) == [
        ("crm", "win_back", "", 1),
        ("crm", "win_back", "Lapsing loyalists", 2),
    ]
    assert shop.marked(RUN)


def test_delivering_again_adds_nothing_although_the_mark_is_lost(shop: Delivering) -> None:
    folder = shop.made(RUN, contacts(3))
    shop.deliver()
    shop.ledger = _another_ledger(shop)
    shop.deliver()
    assert shop.marked(RUN)
    assert folder.is_dir()
    assert names(shop) == ["C0", "C1", "C2"]


def _another_ledger(shop: Delivering) -> Ledger:
    """Make the ledger of somebody who was killed before the mark."""
    other = shop.folder / "other"
    other.mkdir()
    ledger = new_ledger(other)
    night(ledger, RUN, DAY, email("C0"))
    return ledger


def test_a_run_without_contacts_for_a_table_delivers_nothing_and_is_not_marked(
    shop: Delivering,
) -> None:
    shop.made(RUN, contacts(0))
    shop.deliver()
    assert not shop.marked(RUN)


def test_every_run_that_was_left_is_delivered_by_the_next(shop: Delivering) -> None:
    other = "2026-11-24-0000000b"
    shop.made(RUN, contacts(1))
    shop.made(other, contacts(2))
    shop.deliver()
    assert names(shop) == ["C0", "C0", "C1"]
    assert shop.marked(RUN)
    assert shop.marked(other)


def test_a_list_whose_note_the_owner_deletes_is_delivered_anew_and_no_other(
    shop: Delivering,
) -> None:
    shop.made(RUN, contacts(3))
    shop.deliver()
    shop.rows("DELETE FROM targeting_delivered WHERE segment = ''")
    shop.rows("DELETE FROM contacts_out WHERE customer_id = 'C2'")
    shop.ledger = _another_ledger(shop)
    shop.deliver()
    assert names(shop) == ["C0", "C1", "C2"]


def test_a_rehearsal_leaves_nothing_behind(shop: Delivering) -> None:
    shop.rehearse(shop.written(RUN, contacts(3)))
    shop.made("2026-11-24-0000000b", contacts(1))
    shop.deliver()
    assert names(shop) == ["C0"]


def test_a_table_with_other_columns_is_refused_and_stays_as_it_was(shop: Delivering) -> None:
    shop.rows("CREATE TABLE contacts_out (run_id text, customer_id text, spend text)")
    folder = shop.written(RUN, contacts(3))
    with pytest.raises(Refused) as caught:
        shop.rehearse(folder)
    (problem,) = caught.value.problems
    assert problem.code == "X105"
    assert "has no column rule, segment, first_name, spent, born" in problem.message
    assert "it has run_id, customer_id, spend" in problem.message
    assert shop.rows("SELECT * FROM contacts_out") == []


def test_a_table_may_have_more_columns_that_fill_themselves(shop: Delivering) -> None:
    shop.rows(
        "CREATE TABLE contacts_out (run_id text, rule text, segment text, customer_id text,"
        " seen text NOT NULL DEFAULT 'no', note text)"
    )
    shop.made(RUN, contacts(1), destination("customer_id"))
    shop.deliver()
    assert shop.rows("SELECT customer_id, seen, note FROM contacts_out") == [("C0", "no", None)]


def test_a_table_that_needs_a_value_of_its_own_is_refused(shop: Delivering) -> None:
    shop.rows(
        "CREATE TABLE contacts_out (run_id text, rule text, segment text, customer_id text,"
        " price text NOT NULL)"
    )
    with pytest.raises(Refused, match="needs price, which the destination does not give"):
        shop.rehearse(shop.written(RUN, contacts(1), destination("customer_id")))


@pytest.mark.parametrize("headers", [("Name", "name"), ("run_id",), ("n" * 64,)])
def test_headers_that_no_table_can_have_are_refused(
    shop: Delivering, headers: tuple[str, ...]
) -> None:
    columns = [{name: {"field": "customer_id"}} for name in headers]
    with pytest.raises(Refused, match="X105"):
        shop.rehearse(shop.written(RUN, contacts(1), destination(columns=columns)))


@pytest.mark.parametrize("table", ['con"tacts', "drop table x; --", "Kontakte für März", "select"])
def test_a_table_may_have_any_name(shop: Delivering, table: str) -> None:
    shop.table = table
    shop.made(RUN, contacts(2))
    shop.deliver()
    quoted = table.replace('"', '""')
    there = f'SELECT customer_id FROM "{quoted}" ORDER BY 1'  # noqa: S608
    assert names(shop, there) == ["C0", "C1"]


HOSTILE = ["\\.", "a\n\\.\nb", '"', "'; DROP TABLE contacts_out; --", "", " ", "\\N", "NULL", "🌙\r\n,",
           "x" * 100_000]  # fmt: skip


def test_texts_arrive_as_they_are_and_missing_stays_missing(shop: Delivering) -> None:
    rows = contacts(len(HOSTILE) + 1).with_columns(
        first_name=pl.Series([*HOSTILE, None], dtype=pl.String)
    )
    form = destination("customer_id", "first_name", formats=["csv"], read_by="person")
    shop.made(RUN, rows, form)
    shop.deliver()
    expected = dict(rows.select("customer_id", "first_name").iter_rows())
    assert dict(shop.rows("SELECT customer_id, first_name FROM contacts_out")) == expected


def test_a_text_with_a_nul_is_refused_with_its_customer_and_the_others_go(
    shop: Delivering,
) -> None:
    folder = shop.made(RUN, contacts(0))
    bad = pl.when(pl.col("customer_id") == "C1").then(pl.lit("a\0b")).otherwise("first_name")
    rows = contacts(3).with_columns(first_name=bad)
    _, refused = write_deliveries(folder, rows, {"crm": destination()}, shop=SHOP, texts=FIELDS)
    assert refused.rows() == [("crm", "win_back", "C1", "first_name", "encoding")]
    shop.deliver()
    assert names(shop) == ["C0", "C2"]


def test_money_arrives_with_its_decimals_however_large(shop: Delivering) -> None:
    spent = pl.Series([1e300, -0.005, 123456789012.345])
    shop.made(RUN, contacts(3).with_columns(spent=spent))
    shop.deliver()
    found = shop.rows("SELECT spent FROM contacts_out ORDER BY customer_id")
    assert [float(value) for (value,) in found] == [1e300, 0.0, 123456789012.34]


def test_a_delivered_run_cannot_be_undone_although_its_mark_is_lost(shop: Delivering) -> None:
    shop.made(RUN, contacts(1))
    shop.refuse_undo(RUN)
    shop.deliver()
    with pytest.raises(Refused, match="L108"):
        shop.refuse_undo(RUN)


def test_a_destination_that_delivers_no_more_holds_nobody_up(shop: Delivering) -> None:
    shop.made(RUN, contacts(1))
    deliver_due(shop.workspace, {}, shop.out, shop.ledger)
    assert not shop.marked(RUN)


def test_who_is_forgotten_before_the_delivery_is_not_delivered(shop: Delivering) -> None:
    shop.made(RUN, contacts(3))
    erase_files(shop.out, Traces("C1"), key="key", region="PK", beside=())
    shop.deliver()
    assert names(shop) == ["C0", "C2"]


def test_seeds_end_the_lists_that_have_a_customer(shop: Delivering) -> None:
    form = destination(only={"rule": "win_back"})
    seed = contacts(1).with_columns(customer_id=pl.lit("seed_1"), destination=pl.lit("crm"))
    folder = shop.made(RUN, contacts(0))
    write_deliveries(
        folder, contacts(1), {"crm": form}, shop=SHOP, texts=FIELDS,
        seeds=pl.concat([seed, seed.with_columns(segment=pl.lit("nobody else's"))]),
    )  # fmt: skip
    shop.deliver()
    assert names(shop) == ["C0", "seed_1"]
