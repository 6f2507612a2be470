"""PostgreSQL as a source: exact, read only, and every refusal at its line."""

from __future__ import annotations

import datetime as dt
import math
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl
import pytest

from targeting.intake.database_errors import Asked, Unreachable
from targeting.intake.database_postgresql import answer, pieces
from targeting.intake.read import read_sources
from targeting.intake.spilled import Budget
from targeting.problems import Place, Refused
from targeting.workspace.databases import Address
from targeting.workspace.settings import Source
from tests.delivery.server import Server, running
from tests.intake.conftest import TODAY

if TYPE_CHECKING:
    from targeting.problems import Problem
    from tests.intake.conftest import Shop


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as found:
        yield found


def settings(server: Server, what: str, columns: str = "id", **url: str) -> str:
    mapped = ", ".join(["customer_id: id", *(f"{name}: {name}" for name in columns.split()[1:])])
    return (
        f'sources:\n  customers:\n    source: "{server.url(**url)}"\n    {what}\n'
        f"    columns: {{{mapped}}}\n"
        "fields:\n  spent: {type: money}\n  born: {type: date}\n  seen: {type: date}\n"
        "  member: {type: yes/no}\n  age: {type: number}\n  name: {type: text}\n"
    )


def asking(server: Server, query: str) -> tuple[Asked, Source]:
    source = Source(source=server.url(), query=query)
    return Asked(Address(server.url()), "test", Place("a"), Place("a"), "I052"), source


def frame(server: Server, query: str, *names: str) -> pl.DataFrame:
    """Read columns as the source gives them."""
    return answer(*asking(server, query), names)


def one(problems: tuple[Problem, ...]) -> Problem:
    (problem,) = problems
    return problem


def cells(server: Server, value: str) -> pl.Series:
    return frame(server, f"SELECT * FROM (VALUES {value}) AS v (x)", "x").to_series()  # noqa: S608


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("(1), (NULL)", [1, None]),
        ("(true), (false), (NULL)", [True, False, None]),
        ("(1.5::float8), (NULL)", [1.5, None]),
        ("('-Infinity'::float8)", [-math.inf]),
        ("(date '2024-02-29'), (NULL)", [dt.date(2024, 2, 29), None]),
        (
            "(timestamp '2024-02-29 23:59:59.25')",
            [dt.datetime.fromisoformat("2024-02-29 23:59:59.25")],
        ),
        ("(NULL), ('')", [None, ""]),
        ("('a,\"b\"\n🌙'), ('\\.')", ['a,"b"\n🌙', "\\."]),
        ("('infinity'::date), (date '2024-01-01')", ["infinity", "2024-01-01"]),
        ("(date '0044-03-15 BC')", ["0044-03-15 BC"]),
    ],
)
def test_a_value_keeps_its_type_and_an_impossible_one_its_text(
    server: Server, values: str, expected: list[object]
) -> None:
    assert cells(server, values).to_list() == expected


def test_a_moment_with_a_zone_is_one_moment(server: Server) -> None:
    found = cells(server, "(timestamptz '2024-02-29 23:30:00-05')")
    assert found.to_list() == [dt.datetime(2024, 3, 1, 4, 30, tzinfo=dt.UTC)]


def test_numerics_are_exact_while_38_digits_hold_them(server: Server) -> None:
    found = cells(server, "(12345678901234567890.05), (0.1), (NULL)")
    assert [None if v is None else str(v) for v in found] == [
        "12345678901234567890.05", "0.10", None,
    ]  # fmt: skip
    huge = cells(server, "(1e300::numeric), ('NaN'::numeric)")
    assert huge.dtype == pl.Float64
    assert huge[0] == 1e300


def test_customers_come_as_from_the_csv_of_the_same_rows(server: Server, shop: Shop) -> None:
    server.rows("DROP TABLE IF EXISTS people")
    server.rows("CREATE TABLE people (id bigint, spent numeric(12,2), born date, member boolean,"
                " name text)")  # fmt: skip
    server.rows("INSERT INTO people VALUES (1, 1234.50, '1990-02-28', true, 'Ayesha 🌙'),"
                " (2, NULL, 'infinity', NULL, NULL), (3, 0.01, NULL, false, 'x')")  # fmt: skip
    columns = "id spent born member name"
    from_table = shop.read(settings(server, "table: people", columns), {})
    text = settings(server, "", columns).replace(f'source: "{server.url()}"', "file: c.csv")
    csv = (
        "id,spent,born,member,name\n1,1234.50,1990-02-28,yes,Ayesha 🌙\n2,,infinity,,\n"
        "3,0.01,,no,x\n"
    )
    from_file = shop.read(text, {"c.csv": csv})
    assert from_table.frames["customers"].equals(from_file.frames["customers"])
    assert shop.reasons(from_table) == shop.reasons(from_file) == [(2, "born", "not_a_date")]
    assert from_table.sources["customers"].file == "postgresql:///postgres people"


@pytest.mark.parametrize(
    ("amount", "day"),
    [
        ("(n % 7) / 4::numeric", "date '2024-01-01' + n"),
        ("CASE n WHEN 7 THEN 'NaN'::numeric ELSE n END", "CASE n WHEN 8 THEN 'infinity'::date END"),
        ("CASE n WHEN 6 THEN 1e36 ELSE 0.123 END::numeric", "NULL::date"),
        ("NULL::numeric", "CASE n WHEN 2 THEN '0044-03-15 BC' ELSE '9999-12-31' END::date"),
    ],
)
def test_a_column_is_of_one_type_in_whatever_pieces_it_is_read(
    server: Server, amount: str, day: str
) -> None:
    query = f"""SELECT n, {amount} AS amount, {day} AS day, n % 2 = 0 AS even, n::float8 / 3 AS third,
        timestamptz '2024-02-29 23:30:00.25-05' + make_interval(hours => n) AS moment,
        CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN '"a"
,b' ELSE '1' END AS name
        FROM generate_series(1, 9) AS n ORDER BY n"""  # noqa: S608
    names = ("name", "n", "amount", "day", "even", "third", "moment")
    whole = frame(server, query, *names)
    for rows in (1, 4, 9, 100):
        read = [*pieces(*asking(server, query), names, rows)]
        assert len(read) == -(-9 // rows)
        assert pl.concat(read).equals(whole, null_equal=True)
        assert all(piece.schema == whole.schema for piece in read)
    (nothing,) = pieces(*asking(server, f"SELECT * FROM ({query}) AS q WHERE n > 9"), names, 5)  # noqa: S608
    assert nothing.height == 0


def test_rows_that_change_while_they_are_read_are_not_taken_for_others(server: Server) -> None:
    asked = "coalesce(nullif(current_setting('shop.asked', true), '')::int, 0) + 1"
    count = f"set_config('shop.asked', ({asked})::text, false)::int"
    query = f"SELECT CASE WHEN {count} > 1 THEN 'infinity'::date ELSE '2024-01-01' END AS day"
    with pytest.raises(Refused, match="it gave other rows the second time"):
        list(pieces(*asking(server, query), ("day",), 64))


def test_purchases_larger_than_the_memory_are_never_held_whole(server: Server, shop: Shop) -> None:
    server.rows("DROP TABLE IF EXISTS bought")
    server.rows("CREATE TABLE bought AS SELECT 'C' || n % 90 AS who, date '2024-01-01' + n % 100 AS"
                " day, (n % 701)::numeric / 4 AS paid FROM generate_series(1, 5000) AS n")  # fmt: skip
    text = (
        f'sources:\n  purchases:\n    source: "{server.url()}"\n    table: bought\n'
        "    columns: {customer_id: who, purchased_on: day, amount: paid}\n"
    )
    whole = shop.read(text, {})
    budget = Budget(200_000, shop.folder / "aside")
    parts = read_sources(shop.write(text, {}), today=TODAY, budget=budget)
    assert parts.spilled is not None
    assert parts.sources == whole.sources
    aside = pl.concat(parts.spilled.pieces()).collect()
    assert aside.sort(pl.all()).equals(whole.frames["purchases"].sort(pl.all()))


def test_names_with_quotes_and_schemas_are_found(server: Server, shop: Shop) -> None:
    server.rows('CREATE SCHEMA IF NOT EXISTS "Q4"')
    server.rows('CREATE TABLE IF NOT EXISTS "Q4"."my ""people""" (id text)')
    found = shop.read(settings(server, "table: 'Q4.my \"people\"'"), {})
    assert found.frames["customers"].height == 0


@pytest.mark.parametrize("kind", ["int[]", "int4range"])
def test_arrays_and_ranges_are_no_values(server: Server, shop: Shop, kind: str) -> None:
    query = f"query: \"SELECT 'C1' AS id, NULL::{kind} AS name\""
    problem = one(shop.refused(settings(server, query, "id name"), {}))
    assert (problem.code, problem.place.line) == ("I013", 5)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT 'C1' AS id; DROP TABLE kept", "more than one statement"),
        ("DELETE FROM kept RETURNING id", "more than read"),
        ("WITH d AS (DELETE FROM kept RETURNING id) SELECT id FROM d", "more than read"),
        ("SELECT nextval('numbers')::text AS id", "more than read"),
        ("SELECT id FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT 1) TO STDOUT; DROP TABLE kept; --", "syntax error"),
        ("VACUUM", "no columns"),
        ("SELEC", "syntax error"),
        ("SELECT ('x' || id)::int::text AS id FROM kept", "InvalidTextRepresentation"),
    ],
)
def test_a_query_that_is_no_single_reading_is_refused(
    server: Server, shop: Shop, query: str, says: str
) -> None:
    server.rows("CREATE TABLE IF NOT EXISTS kept (id text)")
    server.rows("TRUNCATE kept")
    server.rows("INSERT INTO kept VALUES ('secret-7')")
    server.rows("CREATE SEQUENCE IF NOT EXISTS numbers")
    problem = one(shop.refused(settings(server, f'query: "{query}"'), {}))
    assert (problem.code, problem.place.file, problem.place.line) == ("I052", "targeting.yaml", 4)
    assert says in problem.message
    assert "secret" not in str(problem)
    assert server.rows("SELECT count(*) FROM kept") == [(1,)]


def test_a_wrong_password_is_the_users_mistake_and_is_never_shown(
    server: Server, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.rows("DROP ROLE IF EXISTS locked")
    server.rows("CREATE ROLE locked LOGIN PASSWORD 'right-one'")
    text = settings(server, "table: people\n    password_env: SHOP_DB", user="locked")
    monkeypatch.setenv("SHOP_DB", "wr0ng")
    problem = one(shop.refused(text, {}))
    assert (problem.code, problem.place.line) == ("I051", 3)
    assert "SHOP_DB" in str(problem.help)
    assert "wr0ng" not in str(problem)
    monkeypatch.delenv("SHOP_DB")
    assert one(shop.refused(text, {})).code == "I051"
    monkeypatch.setenv("SHOP_DB", "right-one")
    server.rows("CREATE TABLE IF NOT EXISTS open_to_all (id text)")
    server.rows("GRANT SELECT ON open_to_all TO locked")
    assert shop.read(text.replace("people", "open_to_all"), {}).frames["customers"].height == 0


def test_a_database_that_is_not_known_is_the_users_mistake(server: Server, shop: Shop) -> None:
    text = settings(server, "table: people", database="nowhere")
    assert one(shop.refused(text, {})).code == "I051"


def test_a_server_that_is_not_there_is_the_machines_business(server: Server, shop: Shop) -> None:
    text = settings(server, "table: people")
    text = text.replace(server.url(), "postgresql://127.0.0.1:1/shop")
    with pytest.raises(Unreachable, match=r"targeting\.yaml:3: source customers: the database"):
        shop.read(text, {})


def test_a_server_that_dies_in_the_middle_is_the_machines_business(
    server: Server, shop: Shop
) -> None:
    text = settings(server, "query: SELECT 'C1' AS id FROM pg_sleep(60)")
    ended: list[BaseException] = []

    def read() -> None:
        try:
            shop.read(text, {})
        except BaseException as error:  # noqa: BLE001  # looked at below
            ended.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    asleep = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    while thread.is_alive() and not server.rows(asleep):
        time.sleep(0.02)
    server.kill()
    thread.join(30)
    server.start()
    assert isinstance(ended[0], Unreachable), ended
