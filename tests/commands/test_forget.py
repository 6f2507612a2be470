"""targeting forget: no byte of a customer is left where this program can reach."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from targeting.ledger.key import hmac_of
from tests.kit.forgetful import (
    ANN,
    ANNS,
    BEN,
    BENS,
    MAIL,
    PHONE,
    POLICY,
    forgetful,
    found_in,
)
from tests.kit.shop import ShopFolder

PHONES_ONLY = """\
read_by: machine
formats: [csv]
columns: [phone: {field: phone, normalise: e164_digits, hash: sha256}]
"""


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights, one undone, one dry, and something that a killed run left."""
    made = forgetful(tmp_path_factory.mktemp("nights"))
    for asked in (
        ("run", "--as-of", "2026-11-23"),
        ("run", "--as-of", "2026-11-24"),
        ("run", "--as-of", "2026-11-25"),
        ("run", "--as-of", "2026-11-26", "--dry-run"),
    ):
        ran = made.run_here(*asked)
        assert ran.code == 0, ran.err
    assert made.run_here("undo", made.runs[2].name).code == 0
    judged = pl.DataFrame({"customer_id": [ANN, BEN], "score": [0.5, 0.25]})
    judged.write_parquet(made.folder / "out/models/judged.parquet")
    return made.folder


@pytest.fixture
def made(nights: Path, tmp_path: Path) -> ShopFolder:
    shutil.copytree(nights, tmp_path / "shop")
    made = ShopFolder(tmp_path / "shop")
    partial = made.folder / "out/.2026-11-26-0badcafe.partial"
    shutil.copytree(made.runs[0], partial)
    return made


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def mark(made: ShopFolder) -> str:
    """Give the hash under which the ledger keeps ANN's contacts."""
    key = (made.folder / "out/ledger.key").read_text().strip()
    hashed: bytes = pl.select(hmac_of(pl.lit(ANN), key)).item()
    return hashed.hex()


def test_no_byte_of_the_customer_is_left(made: ShopFolder) -> None:
    out, secrets = made.folder / "out", [*ANNS, mark(made)]
    before = {secret for _, secret in found_in(out, secrets)}
    never_written = {sha256(text) for text in (ANN, PHONE, "+14155552671")}
    assert before == set(secrets) - never_written
    bens = found_in(out, BENS)
    ran = made.run_here("forget", ANN, "--yes")
    assert ran.code == 0, ran.err
    assert found_in(out, secrets) == set()
    assert {each for each in bens if ".partial" not in each[0]} == found_in(out, BENS)
    assert pl.read_parquet(out / "models/judged.parquet")["customer_id"].to_list() == [BEN]
    assert not list(out.rglob(".*.new*"))
    assert not (out / ".forgetting").exists()


def test_a_name_goes_from_lists_that_hold_nothing_else(made: ShopFolder) -> None:
    out = made.folder / "out"
    assert found_in(out, ["Annabel"])
    assert made.run_here("forget", ANN, "--yes").code == 0
    assert found_in(out, ["Annabel"]) == set()
    assert found_in(out, ["Benjamin"])


def test_every_manifest_says_which_files_were_amended(made: ShopFolder) -> None:
    assert made.run_here("forget", ANN, "--yes").code == 0
    for run in made.runs:
        listed = {e["path"]: e for e in json.loads((run / "manifest.json").read_bytes())["outputs"]}
        for name, entry in listed.items():
            data = (run / name).read_bytes()
            assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        amended = {name for name, entry in listed.items() if entry.get("amended") == "forgotten"}
        assert {"customers.parquet", "decisions.parquet", "policy_state.parquet"} <= amended
        assert "rejects.csv" in amended
        assert not {"contacts/summary.csv", "report.html", "stock/suggestions.xlsx"} & amended
        assert listed["customers.parquet"]["rows"] == 4
        assert pl.read_parquet(run / "customers.parquet").height == 4


def test_the_others_lists_are_as_they_were(made: ShopFolder) -> None:
    run = made.runs[0]
    book = run / "contacts/mail/no_segment.xlsx"
    before = list(openpyxl.load_workbook(book).worksheets[0].iter_rows(values_only=True))
    text = (run / "contacts/mail/no_segment.csv").read_bytes()
    assert made.run_here("forget", ANN, "--yes").code == 0
    page = openpyxl.load_workbook(book).worksheets[0]
    assert [*page.iter_rows(values_only=True)] == [row for row in before if row[0] != ANN]
    assert (page.freeze_panes, page.auto_filter.ref) == ("A2", "A1:F4")
    kept = [line for line in text.split(b"\r\n") if ANN.encode() not in line]
    found = (run / "contacts/mail/no_segment.csv").read_bytes().split(b"\r\n")
    assert [line for line in found if b"cust-" in line] == [k for k in kept if b"cust-" in k]


def test_what_was_erased_and_what_cannot_be_is_said(made: ShopFolder) -> None:
    ran = made.run_here("forget", ANN, "--yes")
    assert ran.out.startswith(f"'{ANN}' is forgotten\n")
    run = made.runs[0].name
    assert f"         1  rows of {run}/customers.parquet\n" in ran.out
    assert "  the sources themselves: remove the customer there, too\n" in ran.out
    assert "backups" in ran.out
    assert "1 e-mail, 1 phone, 6 contacts in the ledger" in ran.err


def test_machines_hear_the_same(made: ShopFolder) -> None:
    told = made.run_here("forget", ANN, "--yes", "--json").json
    assert told["customer_id"] == ANN
    assert told["ledger_rows"] == 8  # two contacts a night, and those of the undone reversed
    files = {each["path"]: each["rows"] for each in told["files"]}
    assert files[f"{made.runs[0].name}/contacts/mail/no_segment.xlsx"] == 1
    assert (told["still_named_in"], told["unread"]) == ([], [])


def test_forgetting_twice_is_forgetting_once(made: ShopFolder) -> None:
    assert made.run_here("forget", ANN, "--yes").code == 0
    again = made.run_here("forget", ANN, "--yes", "--json").json
    assert (again["ledger_rows"], again["files"]) == (0, [])


def test_nobody_is_asked_where_nobody_can_answer(made: ShopFolder) -> None:
    ran = made.run_here("forget", ANN)
    assert (ran.code, "say --yes" in ran.err) == (2, True)
    assert found_in(made.folder / "out", [ANN])


def test_a_copy_of_a_rule_that_names_the_customer_is_told(made: ShopFolder) -> None:
    rule = made.runs[0] / "inputs/rules/marketing/mail.yaml"
    rule.write_text(rule.read_text() + f"# as {ANN} has asked\n")
    told = made.run_here("forget", ANN, "--yes", "--json").json
    assert told["still_named_in"] == [rule.relative_to(made.folder / "out").as_posix()]


def test_a_list_that_somebody_saved_otherwise_is_told(made: ShopFolder) -> None:
    path = made.runs[0] / "contacts/mail/no_segment.csv"
    path.write_text(f"Customer;offer\r\n{ANN};hello\r\n")
    ran = made.run_here("forget", ANN, "--yes")
    assert f"still named in {made.runs[0].name}/contacts/mail/no_segment.csv: look" in ran.out


def test_a_shared_phone_stays_with_the_other(tmp_path: Path) -> None:
    made = forgetful(tmp_path)
    shared = (made.folder / "customers.csv").read_text().replace("+1 415 555 2672", PHONE)
    made.write("customers.csv", shared)
    made.write("rules/policy.yaml", POLICY.replace("same_person: [email, phone]\n", ""))
    made.write("exports/phones.yaml", PHONES_ONLY)
    assert made.run_here("run").code == 0
    phones = made.runs[0] / "exports/phones/text/no_segment.csv"
    assert phones.read_text().split().count(sha256("14155552671")) == 2
    ran = made.run_here("forget", ANN, "--yes")
    assert "1 of the addresses are another customer's too: they stay" in ran.err
    assert phones.read_text().split().count(sha256("14155552671")) == 1
    assert found_in(made.folder / "out", [ANN, MAIL, MAIL.lower()]) == set()
    assert made.run_here("run", "--as-of", "2026-11-25").code == 0
    customers = pl.read_parquet(made.runs[1] / "customers.parquet")["customer_id"]
    assert (BEN in customers, ANN in customers) == (True, False)


def test_another_member_stands_for_the_person(tmp_path: Path) -> None:
    made = forgetful(tmp_path)
    shared = (made.folder / "customers.csv").read_text().replace("+1 415 555 2672", PHONE)
    made.write("customers.csv", shared)
    assert made.run_here("run").code == 0
    state = made.runs[0] / "policy_state.parquet"
    (first,) = pl.read_parquet(state).filter(pl.col("person").is_duplicated())["person"].unique()
    assert first in (ANN, BEN)
    other = ANN if first == BEN else BEN
    assert made.run_here("forget", first, "--yes").code == 0
    left = pl.read_parquet(state)
    assert first not in left["customer_id"].to_list() + left["person"].to_list()
    assert left.filter(pl.col("customer_id") == other)["person"].to_list() == [other]


def test_a_damaged_file_is_named_and_the_rest_is_erased(made: ShopFolder) -> None:
    (made.runs[0] / "scores.parquet").write_bytes(b"no parquet")
    told = made.run_here("forget", ANN, "--yes", "--json").json
    assert told["unread"] == [f"{made.runs[0].name}/scores.parquet"]
    (made.runs[0] / "scores.parquet").unlink()
    assert found_in(made.folder / "out", ANNS) == set()


def test_an_id_that_nobody_knows_is_said_to_be_so(made: ShopFolder) -> None:
    ran = made.run_here("forget", "cust-zz", "--yes")
    assert ran.code == 0
    assert "nothing is known of 'cust-zz' but perhaps purchases: is the id right?" in ran.err
    assert "0  rows of the ledger" in ran.out


def test_before_the_first_run_a_customer_can_be_forgotten(tmp_path: Path) -> None:
    made = forgetful(tmp_path)
    assert made.run_here("forget", ANN, "--yes").code == 0
    assert made.run_here("run").code == 0
    assert found_in(made.folder / "out", ANNS) == set()
