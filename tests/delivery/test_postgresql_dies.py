"""PostgreSQL killed at any moment: the same run again delivers what is missing, nothing twice."""

from __future__ import annotations

import threading
import time

import pytest

from targeting.intake.database_errors import Unreachable
from targeting.problems import Refused
from tests.delivery.conftest import ToPostgres, contacts

RUN = "2026-11-24-0000000a"
COUNT = "SELECT count(*), count(DISTINCT customer_id) FROM contacts_out"
_SLOW = """
CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.customer_id = 'C{at}' THEN PERFORM pg_sleep(60); END IF; RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON contacts_out FOR EACH ROW EXECUTE FUNCTION wait_here()
"""


def _in_the_middle(shop: ToPostgres) -> list[BaseException]:
    """Deliver in a thread that is held at a row, kill the server there, and start it again."""
    ended: list[BaseException] = []

    def deliver() -> None:
        try:
            shop.deliver()
        except BaseException as error:  # noqa: BLE001  # looked at by the test
            ended.append(error)

    thread = threading.Thread(target=deliver)
    thread.start()
    asleep = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    while thread.is_alive() and not shop.rows(asleep):
        time.sleep(0.02)
    shop.server.kill()
    thread.join(30)
    shop.server.start()
    return ended


@pytest.mark.parametrize("at", [0, 1_500, 2_999])
def test_killed_in_the_middle_of_a_delivery_each_contact_is_there_once_after_the_next(
    postgres: ToPostgres, at: int
) -> None:
    before = "2026-11-24-0000000b"
    postgres.made(before, contacts(0))
    postgres.made(RUN, contacts(3_000))
    postgres.rows("CREATE TABLE contacts_out (run_id text, rule text, segment text,"
                  " customer_id text, first_name text, spent numeric, born date)")  # fmt: skip
    for statement in _SLOW.replace("{at}", str(at)).split(";\nCREATE TRIGGER"):
        postgres.rows(statement if "FUNCTION wait_here() RETURNS" in statement
                      else f"CREATE TRIGGER{statement}")  # fmt: skip
    (error,) = _in_the_middle(postgres)
    assert isinstance(error, Unreachable)
    assert RUN in str(error)
    assert "exports/crm.yaml" in str(error)
    assert postgres.rows(COUNT) == [(0, 0)]
    assert not postgres.marked(RUN)
    postgres.rows("DROP TRIGGER slow ON contacts_out")
    postgres.deliver()
    postgres.deliver()
    assert postgres.rows(COUNT) == [(3_000, 3_000)]
    assert postgres.rows("SELECT sum(rows)::int FROM targeting_delivered") == [(3_000,)]


def test_a_server_that_is_down_delays_the_delivery_and_no_rehearsal(postgres: ToPostgres) -> None:
    folder = postgres.made(RUN, contacts(2))
    postgres.server.kill()
    try:
        postgres.rehearse(folder)
        with pytest.raises(Unreachable, match="run again when it can"):
            postgres.deliver()
        with pytest.raises(Unreachable):
            postgres.refuse_undo(RUN)
    finally:
        postgres.server.start()
    postgres.deliver()
    assert postgres.rows(COUNT) == [(2, 2)]


def test_two_deliveries_at_the_same_time_bring_each_contact_once(postgres: ToPostgres) -> None:
    from targeting.delivery.deliver import _shipments
    from targeting.delivery.postgresql import filled
    from targeting.intake.database_errors import Asked
    from targeting.problems import Place

    folder = postgres.made(RUN, contacts(500))
    (shipment,) = _shipments(postgres.tables, folder, RUN)
    address = postgres.tables["crm"].address(postgres.folder)
    asked = Asked(address, "test", Place("a"), Place("a"), "X106")

    def deliver() -> None:
        with filled(asked, shipment):
            time.sleep(0.05)

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert postgres.rows(COUNT) == [(500, 500)]


def test_a_value_that_the_table_cannot_take_is_refused_by_its_column_without_the_value(
    postgres: ToPostgres,
) -> None:
    postgres.rows("CREATE TABLE contacts_out (run_id text, rule text, segment text,"
                  " customer_id text, first_name integer, spent numeric, born date)")  # fmt: skip
    with pytest.raises(Refused) as caught:
        postgres.rehearse(postgres.written(RUN, contacts(2)))
    (problem,) = caught.value.problems
    assert (problem.code, problem.place.file) == ("X106", "exports/crm.yaml")
    assert "column first_name" in problem.message
    assert "Ayesha" not in str(problem)


def test_a_user_who_may_not_write_is_told_so(postgres: ToPostgres) -> None:
    postgres.rows(
        "DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"
    )
    postgres.rows("GRANT USAGE ON SCHEMA public TO reader")
    postgres.url = postgres.server.url("reader")
    with pytest.raises(Refused, match=r"X106(.|\n)*permission denied"):
        postgres.rehearse(postgres.written(RUN, contacts(2)))


def test_a_table_in_a_schema_has_its_notes_beside_it(postgres: ToPostgres) -> None:
    postgres.rows("DROP SCHEMA IF EXISTS crm CASCADE")
    postgres.rows("CREATE SCHEMA crm")
    postgres.table = "crm.contacts_out"
    postgres.made(RUN, contacts(2))
    postgres.deliver()
    assert postgres.rows("SELECT count(*) FROM crm.contacts_out") == [(2,)]
    assert postgres.rows("SELECT sum(rows)::int FROM crm.targeting_delivered") == [(2,)]
