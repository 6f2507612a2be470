"""The team's own addresses end each list; they are no customers and carry no customer's data."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import polars as pl

from targeting.exports.contacts import write_contacts
from targeting.exports.seeds import BECAUSE, NO_MESSAGE, seed_rows, with_messages
from targeting.problems import Place, refuse
from targeting.workspace.destinations import Destination
from targeting.workspace.settings import Shop

SHOP = Shop(currency="PKR", region="PK", locale="en_PK")
ADDRESSES: Mapping[str, str | None] = {"email": "email", "sms": "phone", "letter": None}
SHOWN = ("customer_id", "address", "channel", "offer", "message", "because")


def contact(customer_id: str, **more: object) -> dict[str, object]:
    return {
        "customer_id": customer_id, "first_name": "Ayesha", "email": "ayesha@example.com",
        "phone": "0300 1234567", "rule": "back", "kind": "retention", "segment": "Steady",
        "likelihood": 0.25, "channel": "email", "address": "ayesha@example.com",
        "offer": "10% off", "message": "back.j2", "because": "recency_days is 40",
    } | more  # fmt: skip


CONTACTS = pl.DataFrame(
    [
        contact("C1"),
        contact("C2", channel="sms", address="+923001234567", message="text.j2"),
        contact("C3", rule="other", segment=None, channel="sms", message="text.j2"),
    ]
)


def mail(*seeds: dict[str, str], **more: object) -> Destination:
    columns = [{name: {"field": name}} for name in SHOWN]
    return Destination.model_validate({"columns": columns, "seeds": list(seeds), **more})


def greet(contacts: pl.DataFrame) -> pl.Series:
    """Stand for Messages: a template that needs the first name, and one that does not."""
    if contacts.filter(pl.col("first_name").is_null(), message="back.j2").height:
        raise refuse("M201", "'first_name' is missing", Place("back.j2"))
    return contacts.select(
        pl.format("{}: hello {}", "message", pl.col("first_name").fill_null(""))
    )["message"]


def seeds_of(destination: Destination) -> pl.DataFrame:
    return with_messages(seed_rows(CONTACTS, {"mail": destination}, ADDRESSES), greet)


def rows_of(folder: Path, seeds: pl.DataFrame, destination: Destination) -> dict[str, list[str]]:
    rendered = CONTACTS.with_columns(message=pl.lit("Hello Ayesha"))
    files, _ = write_contacts(
        folder, rendered, {"mail": destination}, shop=SHOP, texts={}, draft=False, seeds=seeds
    )
    return {file.path: first_cells(folder / file.path) for file in files}


def first_cells(path: Path) -> list[str]:
    return [row[0] for row in csv.reader(StringIO(path.read_text("utf-8-sig")))][1:]


def test_a_seed_ends_each_list_on_a_channel_that_it_has_an_address_for(tmp_path: Path) -> None:
    destination = mail(
        {"email": "us@example.com", "first_name": "Team"}, {"phone": "+923330000000"}
    )
    assert rows_of(tmp_path, seeds_of(destination), destination) == {
        "contacts/back/steady.csv": ["C1", "C2"],
        "contacts/other/no_segment.csv": ["C3"],
        "exports/mail/back/steady.csv": ["C1", "C2", "seed_1", "seed_2"],
        "exports/mail/other/no_segment.csv": ["C3", "seed_2"],
    }


def test_a_seeds_row_has_its_own_address_and_the_message_in_its_own_name() -> None:
    seeds = seeds_of(mail({"email": "us@example.com", "first_name": "Team"}))
    assert seeds.select(SHOWN).rows() == [
        ("seed_1", "us@example.com", "email", "10% off", "back.j2: hello Team", BECAUSE)
    ]
    assert seeds["segment"].to_list() == ["Steady"]


def test_where_the_template_needs_more_than_a_seed_has_its_message_is_empty_and_it_says_so() -> (
    None
):
    seeds = seeds_of(mail({"email": "us@example.com"}, {"phone": "+923330000000"}))
    assert seeds.select("customer_id", "rule", "message", "because").rows() == [
        ("seed_1", "back", None, NO_MESSAGE),
        ("seed_2", "back", "text.j2: hello ", BECAUSE),
        ("seed_2", "other", "text.j2: hello ", BECAUSE),
    ]


def test_nothing_of_a_customer_is_on_a_seeds_row() -> None:
    seeds = seeds_of(mail({"email": "us@example.com"}))
    text = str(seeds.rows()).lower()
    assert "ayesha" not in text
    assert "1234567" not in text
    assert seeds["likelihood"].to_list() == [None]


def test_a_seed_gives_values_of_every_type() -> None:
    typed = CONTACTS.with_columns(
        age=pl.lit(30.0), vip=pl.lit(value=False), born_on=pl.date(2000, 1, 1)
    )
    seed = {"email": "us@example.com", "age": "41", "vip": "yes", "born_on": "1985-02-03"}
    (row,) = seed_rows(typed, {"mail": mail(seed)}, ADDRESSES).rows(named=True)
    assert (row["age"], row["vip"], str(row["born_on"])) == (41.0, True, "1985-02-03")


def test_a_list_that_no_customer_is_on_has_no_seeds(tmp_path: Path) -> None:
    destination = mail({"email": "us@example.com", "first_name": "T"}, read_by="machine")
    seeds = seeds_of(destination)
    evil = CONTACTS.with_columns(offer=pl.lit("=1"), message=pl.lit("hello"))
    files, refused = write_contacts(
        tmp_path, evil, {"mail": destination}, shop=SHOP, texts={}, draft=False, seeds=seeds
    )
    assert [file.path for file in files if file.path.startswith("exports/")] == []
    assert refused["customer_id"].to_list() == ["C1", "C2", "C3"]


def test_seeds_are_hashed_and_split_like_customers(tmp_path: Path) -> None:
    columns = [{"email": {"field": "email", "normalise": "email", "hash": "sha256"}}]
    destination = Destination.model_validate(
        {"columns": columns, "split_at": "2 rows", "seeds": [{"email": "Us@Example.com"}],
         "only": {"channel": "email"}}
    )  # fmt: skip
    rows = rows_of(tmp_path, seeds_of(destination), destination)
    assert len(rows["exports/mail/back/steady.csv"]) == 2
    assert all(len(text) == 64 for text in rows["exports/mail/back/steady.csv"])


def test_where_nobody_is_selected_or_nothing_is_active_there_are_no_seeds() -> None:
    seed = {"email": "us@example.com"}
    assert seed_rows(CONTACTS.clear(), {"mail": mail(seed)}, ADDRESSES).is_empty()
    idle = mail(seed, active="no")
    assert with_messages(seed_rows(CONTACTS, {"mail": idle}, ADDRESSES), greet).is_empty()
