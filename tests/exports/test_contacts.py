"""Lists: one file a rule and segment, for each destination what it asks for and nothing more."""

from __future__ import annotations

import csv
from hashlib import sha256
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from targeting.exports.contacts import file_slug, write_contacts
from targeting.exports.files import Written
from targeting.problems import Refused
from targeting.workspace.catalogue import Field
from targeting.workspace.destinations import CsvForm, Destination, Only
from targeting.workspace.settings import Shop

SHOP = Shop(currency="PKR", region="PK", locale="en_PK")
FIELDS = {"spent": Field("spent", "money", "purchases")}
AUDIENCE = Destination.model_validate(
    {
        "of": "contacts",
        "read_by": "machine",
        "columns": [
            {"email": {"field": "email", "normalise": "email", "hash": "sha256"}},
            {"phone": {"field": "phone", "normalise": "e164_digits", "hash": "sha256"}},
        ],
    }
)


def contact(customer_id: str = "C1", **more: object) -> dict[str, object]:
    return {
        "customer_id": customer_id, "first_name": "Ayesha", "email": "ayesha@example.com",
        "phone": "0300 1234567", "spent": 1234.5, "rule": "welcome_back", "kind": "retention",
        "segment": "Lapsing loyalists", "likelihood": 0.12345, "channel": "email",
        "address": "ayesha@example.com", "offer": "gift", "message": "Dear Ayesha", "because": "so",
    } | more  # fmt: skip


def lists(
    folder: Path,
    *contacts: dict[str, object],
    draft: bool = False,
    **destinations: Destination,
) -> tuple[list[Written], pl.DataFrame]:
    texts = dict.fromkeys(["email", "phone", "segment", "first_name"], pl.String)
    frame = pl.DataFrame(list(contacts), schema_overrides=texts)
    return write_contacts(folder, frame, destinations, shop=SHOP, texts=FIELDS, draft=draft)


def table(path: Path, form: CsvForm | None = None) -> list[list[str]]:
    spelling = form or CsvForm()
    text = path.read_bytes().decode(spelling.encoding)
    return list(csv.reader(StringIO(text, newline=""), delimiter=spelling.delimiter))


def plain(*names: str, **more: object) -> Destination:
    columns = [{name: {"field": name}} for name in names]
    return Destination.model_validate({"columns": columns, **more})


def test_a_workspace_without_exports_gets_the_plain_list(tmp_path: Path) -> None:
    files, refused = lists(tmp_path, contact())
    assert files == [Written("contacts/welcome_back/lapsing_loyalists.csv", 1)]
    assert refused.height == 0
    header, row = table(tmp_path / files[0].path)
    assert header == ["customer_id", "rule", "segment", "likelihood", "channel", "address",
                      "offer", "message", "because"]  # fmt: skip
    assert row == ["C1", "welcome_back", "Lapsing loyalists", "0.123", "email",
                   "ayesha@example.com", "gift", "Dear Ayesha", "so"]  # fmt: skip


def test_a_shop_without_scores_gets_lists_with_empty_cells(tmp_path: Path) -> None:
    unscored = contact()
    del unscored["likelihood"], unscored["segment"]
    frame = pl.DataFrame([unscored])
    (file,), _ = write_contacts(tmp_path, frame, {}, shop=SHOP, texts=FIELDS, draft=False)
    assert file.path == "contacts/welcome_back/no_segment.csv"
    assert table(tmp_path / file.path)[1][2:5] == ["", "", "email"]


def test_each_rule_and_segment_has_its_own_file(tmp_path: Path) -> None:
    files, _ = lists(
        tmp_path,
        contact("C1", rule="a", segment="Steady middle"),
        contact("C2", rule="a", segment="Steady middle"),
        contact("C3", rule="a", segment=None),
        contact("C4", rule="b", segment="فاطمہ & co"),
        contact("C5", rule="b", segment="***"),
        mail=plain("customer_id"),
    )
    here = [file for file in files if file.path.startswith("contacts/")]
    assert here == [
        Written("contacts/a/steady_middle.csv", 2),
        Written("contacts/a/no_segment.csv", 1),
        Written("contacts/b/فاطمہ_co.csv", 1),
        Written("contacts/b/segment.csv", 1),
    ]
    assert Written("exports/mail/a/steady_middle.csv", 2) in files
    assert table(tmp_path / "exports/mail/a/steady_middle.csv") == [["customer_id"], ["C1"], ["C2"]]


def test_only_says_who_goes_to_a_destination(tmp_path: Path) -> None:
    files, _ = lists(
        tmp_path,
        contact("C1", channel="email"),
        contact("C2", channel="sms"),
        contact_list=plain("customer_id", only=Only(channel=("sms",))),
        marketing=plain("customer_id", only=Only(kind=("marketing",))),
        welcome=plain("customer_id", only=Only(rule=("welcome_back",))),
    )
    rows = {file.path.split("/")[1 if file.path[0] == "e" else 0]: file.rows for file in files}
    assert rows == {"contacts": 1, "welcome": 2}


def test_a_dry_runs_lists_say_that_they_are_drafts(tmp_path: Path) -> None:
    files, _ = lists(
        tmp_path, contact(), draft=True, contact_list=plain("rule", formats=("csv", "xlsx"))
    )
    assert [Path(file.path).name for file in files] == [
        "DRAFT_lapsing_loyalists.csv",
        "DRAFT_lapsing_loyalists.xlsx",
    ]


def test_a_long_list_is_split_where_the_destination_says(tmp_path: Path) -> None:
    many = [contact(f"C{n}") for n in range(5)]
    files, _ = lists(tmp_path, *many, contact_list=plain("customer_id", split_at=2))
    assert [(Path(file.path).name, file.rows) for file in files] == [
        ("lapsing_loyalists.1.csv", 2),
        ("lapsing_loyalists.2.csv", 2),
        ("lapsing_loyalists.3.csv", 1),
    ]
    assert table(tmp_path / files[2].path) == [["customer_id"], ["C4"]]


def test_a_person_gets_dangerous_cells_defused(tmp_path: Path) -> None:
    evil = contact(first_name="=1+1", address="+923001234567", spent=-5.0)
    files, refused = lists(tmp_path, evil, contact_list=plain("first_name", "address", "spent"))
    assert table(tmp_path / files[0].path)[1] == ["'=1+1", "+923001234567", "-5.00"]
    assert refused.height == 0


def test_a_machine_gets_values_unaltered_or_not_at_all(tmp_path: Path) -> None:
    files, refused = lists(
        tmp_path,
        contact("C1", first_name="=1+1"),
        contact("C2", first_name="Zoë"),
        gateway=plain("customer_id", "first_name", read_by="machine"),
    )
    path = next(file.path for file in files if file.path.startswith("exports/"))
    assert table(tmp_path / path)[1:] == [["C2", "Zoë"]]
    assert refused.to_dicts() == [
        {"destination": "gateway", "rule": "welcome_back", "customer_id": "C1",
         "column": "first_name", "reason": "formula"}
    ]  # fmt: skip


def test_an_audience_holds_hashes_and_no_person(tmp_path: Path) -> None:
    files, refused = lists(
        tmp_path,
        contact("C1", email=" Ayesha@Example.com"),
        contact("C2", email="=a@example.com", phone=None),
        contact("C3", email="none", phone="12"),
        audience=AUDIENCE,
    )
    path = tmp_path / next(file.path for file in files if file.path.startswith("exports/"))
    rows = table(path)[1:]
    assert len(rows) == 2
    assert rows[0][0] == sha256(b"ayesha@example.com").hexdigest()
    assert rows[1][1] == ""
    text = path.read_text("utf-8-sig").lower()
    assert "ayesha" not in text
    assert "3001234567" not in text
    assert refused.select("customer_id", "column", "reason").rows() == [("C3", "", "empty")]


def test_what_the_encoding_cannot_spell_is_refused_by_name(tmp_path: Path) -> None:
    files, refused = lists(
        tmp_path,
        contact("C1", first_name="فاطمہ"),
        contact("C2", first_name="Zoë"),
        contact_list=plain("customer_id", "first_name", csv=CsvForm(encoding="cp1252")),
    )
    assert table(tmp_path / files[0].path, CsvForm(encoding="cp1252"))[1:] == [["C2", "Zoë"]]
    assert refused.select("customer_id", "column", "reason").rows() == [
        ("C1", "first_name", "encoding")
    ]


def test_a_list_without_anybody_left_is_no_file(tmp_path: Path) -> None:
    evil = contact(first_name="=1")
    files, refused = lists(
        tmp_path, evil, contact_list=plain("first_name", read_by="machine", formats=("csv", "xlsx"))
    )
    assert files == []
    assert refused.height == 1
    nobody = pl.DataFrame([contact()]).clear()
    assert write_contacts(tmp_path, nobody, {}, shop=SHOP, texts={}, draft=False)[0] == []


def test_two_segments_of_the_data_with_one_file_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="would share the file 'vip'"):
        lists(tmp_path, contact("C1", segment="VIP"), contact("C2", segment="vip!"))
    with pytest.raises(Refused, match="no segment"):
        lists(tmp_path, contact("C1", segment="No segment"))


def test_a_destination_that_is_not_active_writes_nothing(tmp_path: Path) -> None:
    files, _ = lists(
        tmp_path,
        contact(first_name="=1"),
        vendor=plain("first_name", active="no", read_by="machine"),
        contact_list=plain("customer_id", active="no"),
    )
    assert files == []
    assert list(tmp_path.iterdir()) == []


def test_a_row_without_what_is_required_is_refused_by_name(tmp_path: Path) -> None:
    columns = [{"mail": {"field": "email", "normalise": "email", "required": "yes"}},
               {"id": {"field": "customer_id"}}]  # fmt: skip
    for reader in ("person", "machine"):
        vendor = Destination.model_validate({"columns": columns, "read_by": reader})
        files, refused = lists(
            tmp_path / reader,
            contact("C1", email="nobody"),
            contact("C2", email=None),
            contact("C3"),
            vendor=vendor,
        )
        path = next(file.path for file in files if file.path.startswith("exports/"))
        assert table(tmp_path / reader / path)[1:] == [["ayesha@example.com", "C3"]]
        assert refused.select("customer_id", "column", "reason").rows() == [
            ("C1", "mail", "empty"),
            ("C2", "mail", "empty"),
        ]


def test_what_stands_in_every_row_does_not_fill_an_empty_one(tmp_path: Path) -> None:
    vendor = Destination.model_validate(
        {
            "read_by": "machine",
            "columns": [{"Country": {"value": "PK"}}, {"phone": {"field": "phone"}}],
        }
    )
    files, refused = lists(tmp_path, contact("C1", phone=None), contact("C2"), vendor=vendor)
    assert table(tmp_path / files[-1].path)[1:] == [["PK", "0300 1234567"]]
    assert refused["customer_id"].to_list() == ["C1"]


def test_destinations_of_suggestions_are_for_others(tmp_path: Path) -> None:
    supplier = plain("product_id", of="suggestions")
    files, _ = lists(tmp_path, contact(), supplier=supplier)
    assert [file.path.split("/")[0] for file in files] == ["contacts"]


@given(st.text(max_size=300))
def test_a_segments_file_name_is_one_short_part_of_a_path(segment: str) -> None:
    name = file_slug(segment)
    assert 1 <= len(name.encode()) <= 180
    assert not set(name) & set("/\\.:\0\n")


@pytest.mark.parametrize("name", ["..", "a/b", "", "a\\b"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no path for a list"):
        lists(tmp_path, contact(rule=name))
    frame = pl.DataFrame([contact()])
    chosen = {name: plain("customer_id")}
    with pytest.raises(ValueError, match="no path for a list"):
        write_contacts(tmp_path, frame, chosen, shop=SHOP, texts=FIELDS, draft=False)
    assert [
        path for path in tmp_path.rglob("*") if path.is_file() and "contacts" not in path.parts
    ] == []


HOSTILE = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="=+-@＝＠\t\r\n'\",; a\u202e\u200b😀", min_size=1, max_size=8),
)


@given(st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=6))
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_nothing_is_lost_between_list_and_refusals(
    tmp_path: Path, people: list[tuple[str, str]]
) -> None:
    contacts = [
        contact(f"C{n}", first_name=name, address=address)
        for n, (name, address) in enumerate(people)
    ]
    gateway = plain("customer_id", "first_name", "address", read_by="machine")
    files, refused = lists(tmp_path, *contacts, gateway=gateway)
    sent = [
        row for file in files if file.path.startswith("exports/")
        for row in table(tmp_path / file.path)[1:]
    ]  # fmt: skip
    for number, name, address in sent:
        assert (name, address) == people[int(number[1:])]
    assert sorted([row[0] for row in sent] + refused["customer_id"].to_list()) == sorted(
        f"C{n}" for n in range(len(people))
    )
