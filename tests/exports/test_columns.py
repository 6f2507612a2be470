"""A destination gets the columns that it names, in plain spelling, normalised and hashed."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.exports.columns import as_text, columns_of, decimals_of
from targeting.workspace.catalogue import Field
from targeting.workspace.destinations import ColumnForm, Destination
from targeting.workspace.settings import Shop

SHOP = Shop(currency="USD", region="US", locale="en_US")
FIELDS = {
    "spent": Field("spent", "money", "purchases"),
    "orders": Field("orders", "number", "purchases"),
}


def shown(column: pl.Series, **form: object) -> list[str | None]:
    """Give one column as a CSV shows it."""
    named = ColumnForm.model_validate({"field": column.name, **form})
    destination = Destination(columns=({"header": named},))
    columns = columns_of(column.to_frame(), destination, FIELDS, SHOP)
    return as_text(columns["header"], decimals_of(named, FIELDS, SHOP)).to_list()


def test_money_shows_its_minor_units_and_no_thousands_signs() -> None:
    assert shown(pl.Series("spent", [1234.5, 0.0, None])) == ["1234.50", "0.00", None]
    assert shown(pl.Series("spent", [Decimal("1234.50")])) == ["1234.50"]


def test_numbers_show_what_they_have_and_no_exponent() -> None:
    numbers = pl.Series("orders", [3.0, 0.1 + 0.2, 1e-7, 1e20, -0.0, 1200.0])
    assert shown(numbers) == ["3", "0.3", "0", "100000000000000000000", "0", "1200"]


def test_decimals_are_as_many_as_the_destination_says() -> None:
    assert shown(pl.Series("likelihood", [0.12345, 1.0, None]), decimals=3) == [
        "0.123",
        "1.000",
        None,
    ]
    assert shown(pl.Series("orders", [7]), decimals=2) == ["7.00"]
    assert shown(pl.Series("spent", [1234.5]), decimals=0) in (["1234"], ["1235"])


def test_nan_and_infinity_are_missing() -> None:
    assert shown(pl.Series("orders", [float("nan"), float("inf"), -float("inf")])) == [None] * 3


def test_dates_answers_and_lists_are_spelled_plainly() -> None:
    assert shown(pl.Series("seen_on", [dt.date(2026, 11, 24), None])) == ["2026-11-24", None]
    assert shown(pl.Series("adult", [True, False, None])) == ["yes", "no", None]
    lists = pl.Series("bought", [["Audio", "Phones"], [], None])
    assert shown(lists) == ["Audio, Phones", "", None]


def test_only_the_columns_that_are_named_are_there() -> None:
    contacts = pl.DataFrame({"customer_id": ["C1"], "email": ["a@example.com"]})
    destination = Destination(columns=({"id": ColumnForm(field="customer_id")},))
    assert columns_of(contacts, destination, {}, SHOP).columns == ["id"]


# Published by Meta: developers.facebook.com/docs/marketing-api/conversions-api/parameters/
# customer-information-parameters.
META = [
    ("email", " John_Smith@gmail.com ",
     "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"),
    ("e164_digits", "(650)555-1212",
     "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"),
    (None, "mary", "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
    (None, "valéry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
    (None, "정", "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
]  # fmt: skip


@pytest.mark.parametrize(("normalise", "written", "published"), META)
def test_hashes_are_those_that_meta_publishes(
    normalise: str | None, written: str, published: str
) -> None:
    column = pl.Series("value", [written])
    assert shown(column, normalise=normalise, hash="sha256") == [published]


# Published by Google: developers.google.com/data-manager/api/devguides/audiences/
# send-audience-members ("Hash and encode the data"), and .../devguides/concepts/formatting for the
# address with dots and a plus.
GOOGLE = [
    ("email_google", "dana@example.com",
     "07e2f1394b0ea80e2adca010ea8318df697001a005ba7452720edda4b0ce57b3"),
    ("email_google", "DanaM@example.com",
     "1df6b43bc68dd38eca94e6a65b4f466ae537b796c81a526918b40ac4a7b906c7"),
    ("email_google", "ALEXF@example.com",
     "19de0a9906ebee29fe82087be5ec44f3c01e40730bc808b663c71f19dd6b12f2"),
    ("email_google", "quinn@CYMBALGROUP.com",
     "05bb62526f091b45d20e243d194766cca8869137421047dc53fa4876d111a6f0"),
    ("email_google", "cloudySanFrancisco@GMAIL.com",
     "223ebda6f6889b1494551ba902d9d381daf2f642bae055888e96343d53e9f9c4"),
    ("email_google", "cloudy.sanfrancisco+shopping@gmail.com",
     "223ebda6f6889b1494551ba902d9d381daf2f642bae055888e96343d53e9f9c4"),
    ("e164", "+1-800-555-0100",
     "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30"),
    ("e164", "+1 800-555-0102",
     "c5383c2eeada28210d27f011bc127d4f9562cf38ff0c9bba33dd45ae79b9fe7c"),
]  # fmt: skip


@pytest.mark.parametrize(("normalise", "written", "published"), GOOGLE)
def test_hashes_are_those_that_google_publishes(
    normalise: str, written: str, published: str
) -> None:
    column = pl.Series("value", [written])
    assert shown(column, normalise=normalise, hash="sha256") == [published]


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        # the second of them is Google's own example of what keeps its dots and plus
        ("Ann.E.Bee+shop@googlemail.com", "annebee@googlemail.com"),
        ("user.name+NYC@Example.com", "user.name+nyc@example.com"),
        ("+nobody@gmail.com", None),
        ("a.b@notgmail.com", "a.b@notgmail.com"),
    ],
)
def test_only_addresses_at_google_lose_dots_and_what_follows_a_plus(
    written: str, normal: str | None
) -> None:
    assert shown(pl.Series("email", [written]), normalise="email_google") == [normal]


def test_names_are_small_and_for_meta_without_punctuation() -> None:
    names = pl.Series("first_name", [" Anne-Marie ", "O'Neil", "فاطمہ", "ÉLODIE", "...", None])
    assert shown(names, normalise="name") == ["annemarie", "oneil", "فاطمہ", "élodie", None, None]
    assert shown(names, normalise="lower")[:2] == ["anne-marie", "o'neil"]
    (mary,) = shown(pl.Series("first_name", ["Mary "]), normalise="name", hash="sha256")
    assert mary == "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"  # META's


def test_a_value_stands_in_every_row_and_can_be_hashed() -> None:
    def constant(**form: object) -> list[str | None]:
        named = ColumnForm.model_validate({"value": "pk", **form})
        rows = pl.DataFrame({"email": ["a", None]})
        return columns_of(rows, Destination(columns=({"h": named},)), {}, SHOP)["h"].to_list()

    assert constant() == ["pk", "pk"]
    assert constant(hash="sha256") == [hashlib.sha256(b"pk").hexdigest()] * 2


def test_a_destination_has_its_own_words_for_dates_and_answers() -> None:
    days = pl.Series("seen_on", [dt.date(2026, 11, 4), None])
    assert shown(days, dates="%d.%m.%Y") == ["04.11.2026", None]
    answers = pl.Series("adult", [True, False, None])
    assert shown(answers, yes_no=("TRUE", "FALSE")) == ["TRUE", "FALSE", None]


@given(st.text(min_size=1).filter(lambda text: text.strip(" \t\r\n\x0b\x0c\x85\xa0") == text))
def test_a_hash_is_sha256_of_utf8(text: str) -> None:
    found = shown(pl.Series("value", [text]), hash="sha256")[0]
    assert found in (hashlib.sha256(text.encode()).hexdigest(), None)
    assert found is not None or not text.strip()


def test_what_is_missing_blank_or_no_address_is_never_hashed() -> None:
    assert shown(pl.Series("value", [None, "", "  "], dtype=pl.String), hash="sha256") == [None] * 3
    emails = pl.Series("email", ["none", "", None])
    assert shown(emails, normalise="email", hash="sha256") == [None] * 3
    assert shown(pl.Series("phone", ["12", None]), normalise="e164", hash="sha256") == [None] * 2


def test_phones_are_normalised_with_the_shops_region() -> None:
    phones = pl.Series("phone", ["(650) 555-1212", "+92 300 1234567"])
    assert shown(phones, normalise="e164") == ["+16505551212", "+923001234567"]
    assert shown(phones, normalise="e164_digits") == ["16505551212", "923001234567"]
