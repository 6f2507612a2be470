"""SQLite as a source, and what holds for every database."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.intake.database_errors import Asked
from targeting.intake.database_sqlite import pieces
from targeting.intake.read import read_sources
from targeting.intake.row_digest import digest, row_sums
from targeting.problems import Place, Refused
from targeting.workspace.databases import Address
from targeting.workspace.load import load
from targeting.workspace.settings import Source
from tests.intake.conftest import TODAY

if TYPE_CHECKING:
    from targeting.intake.read import Read
    from targeting.problems import Problem
    from tests.intake.conftest import Shop

FIELDS = """
fields:
  age: {type: number}
  born: {type: date}
  member: {type: yes/no, yes: "1", no: "0"}
"""
MAKE = '''
CREATE TABLE "the ""people""" (id, age, born, member, name TEXT);
INSERT INTO "the ""people""" VALUES
  ('C1', '41', '1990-02-28', 1, 'Ayesha 🌙'),
  ('C2', 39.5, NULL, 0, ''),
  (3, NULL, '30.2.1990', NULL, NULL);
'''


def settings(what: str, url: str = "sqlite:///shop.db", fields: str = FIELDS) -> str:
    columns = "{customer_id: id, age: age, born: born, member: member}"
    return (
        f"sources:\n  customers:\n    source: {url}\n    {what}\n    columns: {columns}\n{fields}"
    )


def make(shop: Shop, script: str = MAKE) -> None:
    with closing(sqlite3.connect(shop.folder / "shop.db")) as connection:
        connection.executescript(script)


TABLE = "table: 'the \"people\"'"


def read(shop: Shop, what: str = TABLE) -> Read:
    return shop.read(settings(what), {})


def one(problems: tuple[Problem, ...]) -> Problem:
    (problem,) = problems
    return problem


def test_loose_cells_read_as_those_of_a_csv_file_do(shop: Shop) -> None:
    make(shop)
    from_database = read(shop)
    csv = "id,age,born,member\nC1,41,1990-02-28,1\nC2,39.5,,0\n3,,30.2.1990,\n"
    from_file = shop.read(
        settings(TABLE).replace("source: sqlite:///shop.db", "file: c.csv").replace(TABLE, ""),
        {"c.csv": csv},
    )
    assert from_database.frames["customers"].equals(from_file.frames["customers"])
    assert shop.reasons(from_database) == shop.reasons(from_file) == [(3, "born", "not_a_date")]


def test_the_manifests_line_names_table_and_address_and_hashes_the_rows(shop: Shop) -> None:
    make(shop)
    counts = read(shop).sources["customers"]
    assert counts.file == 'sqlite:///shop.db the "people"'
    assert (counts.rows, len(counts.sha256)) == (3, 64)


def test_the_order_of_the_answer_changes_neither_hash_nor_customers(shop: Shop) -> None:
    make(shop)
    query = 'query: \'SELECT * FROM "the ""people""" ORDER BY rowid {}\''
    up, down = read(shop, query.format("ASC;")), read(shop, query.format("DESC -- backwards"))
    assert up.sources["customers"].sha256 == down.sources["customers"].sha256
    first, second = (r.frames["customers"].sort("customer_id") for r in (up, down))
    assert first.equals(second)


@given(
    st.lists(st.tuples(st.text() | st.none(), st.integers(-5, 5) | st.none())), st.integers(0, 9)
)
def test_rows_in_any_order_have_one_digest_and_other_rows_another(
    rows: list[tuple[str | None, int | None]], seed: int
) -> None:
    schema = {"a": pl.String, "b": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
    whole, pieces = row_sums(frame), map(row_sums, shuffled.iter_slices(2))
    assert digest([whole]) == digest([row_sums(frame.clear()), *pieces])
    assert digest([whole]) != digest([row_sums(pl.concat([frame, frame.clear(1)]))])


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT 1 AS id; DROP TABLE t", "more than one statement"),
        ("DELETE FROM t RETURNING id", "more than read"),
        ("ATTACH 'other.db' AS other", "more than read"),
        ("PRAGMA user_version = 3", "more than read"),
        ("SELECT id FROM nowhere", "no such table: nowhere"),
        ("SELEC", "syntax error"),
    ],
)
def test_a_query_that_is_no_single_reading_is_refused(shop: Shop, query: str, says: str) -> None:
    make(shop, "CREATE TABLE t (id, age, born, member); INSERT INTO t VALUES ('C1', 1, NULL, 1)")
    problem = one(shop.refused(settings(f'query: "{query}"'), {}))
    assert (problem.code, problem.place.file, problem.place.line) == ("I052", "targeting.yaml", 4)
    assert says in problem.message
    with closing(sqlite3.connect(shop.folder / "shop.db")) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (1,)
    assert sorted(path.name for path in shop.folder.iterdir()) == ["shop.db", "targeting.yaml"]


def test_a_missing_file_is_no_new_database(shop: Shop) -> None:
    problem = one(shop.refused(settings("table: people"), {}))
    assert (problem.code, problem.place.line) == ("I001", 3)
    assert not (shop.folder / "shop.db").exists()


def test_a_file_that_is_no_database_is_refused(shop: Shop) -> None:
    problem = one(shop.refused(settings("table: people"), {"shop.db": "id,age\n" * 1000}))
    assert problem.code == "I052"
    assert "not a database" in problem.message


def test_bytes_are_no_values(shop: Shop) -> None:
    make(shop, "CREATE TABLE people (id, age, born, member);"
               "INSERT INTO people VALUES (x'00ff', 1, NULL, 1)")  # fmt: skip
    assert one(shop.refused(settings("table: people"), {})).code == "I013"


def test_text_that_is_no_utf8_is_refused_without_being_shown(shop: Shop) -> None:
    make(shop, "CREATE TABLE people (id, age, born, member);"
               "INSERT INTO people VALUES (CAST(x'41796573686180' AS TEXT), 1, NULL, 1)")  # fmt: skip
    problem = one(shop.refused(settings("table: people"), {}))
    assert problem.code == "I052"
    assert "Ayesha" not in str(problem)


def test_an_empty_table_has_columns_and_no_row(shop: Shop) -> None:
    make(shop, "CREATE TABLE people (id, age, born, member)")
    found = read(shop, "table: people")
    assert found.frames["customers"].height == 0
    assert [w.message for w in found.warnings] == ["sqlite:///shop.db people gives no row"]


def test_a_column_that_is_not_there_is_refused_at_its_line(shop: Shop) -> None:
    make(shop, "CREATE TABLE people (id, age, birthday, member)")
    problem = one(shop.refused(settings("table: people"), {}))
    assert (problem.code, problem.place.line) == ("I011", 5)


def test_a_file_may_stand_in_for_a_database_for_one_run(shop: Shop) -> None:
    workspace = shop.write(settings("table: people"), {"c.csv": "id,age,born,member\nC9,1,,1\n"})
    files = {"customers": shop.folder / "c.csv"}
    found = read_sources(workspace, files=files, today=TODAY)
    assert found.frames["customers"]["customer_id"].to_list() == ["C9"]
    assert found.sources["customers"].file == "c.csv"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("source: postgresql://shop:s3cret@db/shop\n    table: t", "a password does not belong"),
        ("source: postgresql://db/shop?password=s3cret\n    table: t", "a password does not belong"),
        ("source: postgresql://db/shop\n    table: t\n    password_env: s3-cret", "not the name"),
        ("source: mysql://s3cret@db/shop\n    table: t", "no address of a database"),
        ("source: sqlite://s3cret.db\n    table: t", "no address of a database"),
        ("source: postgresql://db:s3cret/shop\n    table: t", "no address of a database"),
        ("source: sqlite:///a.db\n    table: t\n    query: SELECT 1", "exactly one thing to read"),
        ("source: sqlite:///a.db", "exactly one thing to read"),
        ("source: sqlite:///a.db\n    table: t\n    file: a.csv", "from which one place"),
        ("newest_by: age", "from which one place"),
        ("file: a.csv\n    table: t", "'table' belongs to a database"),
        ("source: sqlite:///a.db\n    table: t\n    sheet: One", "'sheet' belongs to a file"),
    ],
)  # fmt: skip
def test_a_source_says_one_place_and_no_secret(shop: Shop, lines: str, says: str) -> None:
    text = f"sources:\n  customers:\n    {lines}\n"
    (shop.folder / "targeting.yaml").write_text(text, encoding="utf-8")
    workspace, problems = load(shop.folder)
    assert workspace is None
    assert says in problems[0].message
    assert not any("cret" in f"{p.message} {p.help}" for p in problems)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ayesha@db.shop:5433/crm?sslmode=require", "postgresql://db.shop:5433/crm"),
        ("postgresql:///crm?host=/run", "postgresql:///crm"),
        ("sqlite:///data/shop.db", "sqlite:///data/shop.db"),
    ],
)
def test_an_address_is_shown_without_its_user(url: str, shown: str) -> None:
    assert Address(url).shown == shown


def test_without_the_driver_the_message_says_how_to_install_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    problem = one(shop.refused(settings("table: people", "postgresql://db/shop"), {}))
    assert (problem.code, problem.place.line) == ("I050", 3)
    assert problem.help == "pip install 'targeting[postgresql]'"


def test_cells_of_another_type_than_were_looked_through_are_not_lost(shop: Shop) -> None:
    make(shop)
    query = "SELECT CASE WHEN random() % 2 = 0 THEN 1 ELSE 'a' END AS x"
    address = Address("sqlite:///shop.db", folder=shop.folder)
    asked = Asked(address, "test", Place("a"), Place("a"), "I052")

    def read() -> str:
        try:
            (piece,) = pieces(asked, Source(source=address.url, query=query), ["x"], 5)
        except Refused as refused:
            return str(refused)
        return str(piece.item())

    said = {read() for _ in range(200)}  # one reading in two is of another type than was seen
    assert {"1", "a"} < said
    assert all("other rows the second time" in each for each in said - {"1", "a"})
