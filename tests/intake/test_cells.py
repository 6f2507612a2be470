"""How a cell reads: numbers, money, dates, yes and no, markers for missing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from tests.intake.conftest import Shop


def read_one(shop: Shop, form: str, cell: str, top: str = "") -> tuple[object, str | None]:
    """Read one cell as a field of this form; give its value and why it was refused."""
    quoted = '"' + cell.replace('"', '""') + '"'
    content = f"customer_id,x\nC0,\nC1,{quoted}\n"
    read = shop.read(*shop.customers("people.csv", content, fields=f"x: {{{form}}}", top=top))
    rows = read.frames["customers"].rows_by_key("customer_id", unique=True)
    assert rows["C0"] == (None,)
    return rows.get("C1", (None,))[0], dict(read.rejects.select("row", "reason").rows()).get(2)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("41", 41.0), (" -4.5 ", -4.5), ("+5", 5.0), ("1e3", 1000.0), (".5", 0.5), ("-0", 0.0)],
)
def test_plain_numbers(shop: Shop, cell: str, value: float) -> None:
    assert read_one(shop, "type: number", cell) == (value, None)


@pytest.mark.parametrize(
    "cell", ["1,200.50", "1 200", "1_000", "0x10", "PKR 500", "12%", "abc", "--1", "١"]
)
def test_what_is_no_plain_number_is_refused(shop: Shop, cell: str) -> None:
    assert read_one(shop, "type: number", cell) == (None, "not_a_number")


@pytest.mark.parametrize("cell", ["NaN", "inf", "-Infinity", "1e999"])
def test_what_is_not_finite_is_missing_and_counted(shop: Shop, cell: str) -> None:
    content = f"customer_id,x\nC1,{cell}\n"
    read = shop.read(*shop.customers("people.csv", content, fields="x: {type: number}"))
    assert read.frames["customers"].rows() == [("C1", None)]
    assert read.sources["customers"].not_finite == {"x": 1}


@pytest.mark.parametrize(
    ("style", "cell", "value"),
    [
        ("1,234.56", "1,200.50", 1200.5),
        ("1,234.56", "12,34,567", 1234567.0),  # lakh
        ("1,234.56", "1200.5", 1200.5),
        ("1.234,56", "-1.200,5", -1200.5),
        ("1 234,56", "1\u00a0200,50", 1200.5),
        ("1234,56", "1200,50", 1200.5),
        ("PKR 1,234.56", "PKR 1,200.50", 1200.5),
        ("PKR 1,234.56", "-pkr1,200", -1200.0),
        ("1.234,56 €", "1.200,50 €", 1200.5),
        ("1,234.56", "nan", None),
    ],
)
def test_an_example_says_how_numbers_are_written(
    shop: Shop, style: str, cell: str, value: float | None
) -> None:
    assert read_one(shop, f'type: number, numbers: "{style}"', cell) == (value, None)


@pytest.mark.parametrize(
    ("style", "cell"),
    [
        ("1,234.56", "1,2"),
        ("1,234.56", "1.234,56"),
        ("1.234,56", "1234.56"),
        ("1.234,56", "1.23"),
        ("1,234.56", "1,,234"),
        ("1,234.56", "USD 5"),
    ],
)
def test_numbers_of_another_style_are_refused(shop: Shop, style: str, cell: str) -> None:
    assert read_one(shop, f'type: number, numbers: "{style}"', cell) == (None, "not_a_number")


@pytest.mark.parametrize(
    ("cell", "minor"),
    [
        ("500", 50000),
        ("PKR 500", 50000),
        ("500pkr", 50000),
        ("-PKR 0.5", -50),
        ("1.005", 101),
        ("-1.005", -101),
        ("2.675", 268),
        ("0.004", 0),
        ("90071992547409.91", 9007199254740991),
    ],
)
def test_money_is_minor_units_rounded_half_away_from_zero(
    shop: Shop, cell: str, minor: int
) -> None:
    assert read_one(shop, "type: money", cell, "shop: {currency: PKR}") == (minor, None)


def test_money_beyond_what_is_exact_is_out_of_range(shop: Shop) -> None:
    assert read_one(shop, "type: money", "1e300") == (None, "out_of_range")
    assert read_one(shop, "type: money", "PKR") == (None, "not_a_number")


def test_a_style_nobody_declared_is_proposed(shop: Shop) -> None:
    content = 'customer_id,price\nC1,"PKR 1,200.50"\nC2,"PKR 12,000"\nC3,on request\n'
    settings = shop.customers("people.csv", content, fields="price: {type: number}")
    (warning,) = shop.read(*settings).warnings
    assert (warning.code, warning.place.line) == ("I103", 6)
    assert warning.help == 'under price, say numbers: "PKR 1,234.56"'
    assert "1,200" not in str(warning)


@pytest.mark.parametrize(
    "cell", ["2024-01-02", "2024-01-02T23:59", "2024-01-02 23:59:59.123", "2024-01-01T20:00:00Z"]
)
def test_iso_dates_lose_their_time_of_day(shop: Shop, cell: str) -> None:
    top = "shop: {time_zone: Asia/Karachi}"
    assert read_one(shop, "type: date", cell, top) == (dt.date(2024, 1, 2), None)


@pytest.mark.parametrize(
    "cell", ["2024-02-30", "2024-1-2", "02/01/2024", "45292", "2024-01-02 noon", "0024-01-02"]
)
def test_what_is_no_iso_date_is_refused(shop: Shop, cell: str) -> None:
    assert read_one(shop, "type: date", cell) == (None, "not_a_date")


@pytest.mark.parametrize(
    ("form", "cell", "day"),
    [
        ("%d/%m/%Y", "31/12/2023", dt.date(2023, 12, 31)),
        ("%d.%m.%y", "31.12.23", dt.date(2023, 12, 31)),
        ("%d/%m/%Y %H:%M", "31/12/2023 10:20", dt.date(2023, 12, 31)),
        ("%d/%m/%Y", "31/12/23", None),
        ("%d/%m/%Y", "12/31/2023", None),
        ("%d/%m/%Y", "2023-12-31", None),
    ],
)
def test_a_format_says_how_dates_are_written(
    shop: Shop, form: str, cell: str, day: dt.date | None
) -> None:
    why = None if day else "not_a_date"
    assert read_one(shop, f'type: date, format: "{form}"', cell) == (day, why)


@pytest.mark.parametrize(
    ("form", "cell", "value"),
    [
        ("type: yes/no", "TRUE", True),
        ("type: yes/no", "n", False),
        ("type: yes/no", "0", False),
        ("type: yes/no", "yes please", None),
        ('type: yes/no, yes: ["1", J], no: ["0", N]', "j", True),
        ('type: yes/no, yes: ["1", J], no: ["0", N]', "yes", None),
        ("type: yes/no, yes: Subscribed", "subscribed", True),
        ("type: yes/no, yes: Subscribed", "no", False),
    ],
)
def test_yes_and_no(shop: Shop, form: str, cell: str, value: bool | None) -> None:
    assert read_one(shop, form, cell) == (value, "not_yes_or_no" if value is None else None)


def test_text_is_trimmed_and_of_one_form_and_markers_are_missing(shop: Shop) -> None:
    top = 'missing: ["", Hidden, "-999"]'
    composed, decomposed = "Zoë", "Zoe\u0308"
    assert read_one(shop, "type: text", f" \u00a0{decomposed} ", top) == (composed, None)
    assert read_one(shop, "type: text", " Hidden ", top) == (None, None)
    assert read_one(shop, "type: text", "hidden", top) == ("hidden", None)
    frame = pl.DataFrame({"customer_id": ["C1"], "x": [-999]})
    read = shop.read(*shop.customers("p.parquet", frame, fields="x: {type: number}", top=top))
    assert read.frames["customers"].rows() == [("C1", None)]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ("type: list", "I020"),
        ("type: text, numbers: '1,234.56'", "I021"),
        ("type: number, numbers: '1,234'", "I021"),
        ("type: date, format: '%d/%m'", "I022"),
        ("type: number, range: [110, 16]", "I023"),
        ("type: date, range: [1, 2]", "I023"),
        ("type: text, range: [1, 2]", "I023"),
        ("type: date, values: [a]", "I024"),
        ("type: number, values: [one]", "I024"),
        ("type: category, fill: median", "I025"),
        ("type: number, fill: mean", "I025"),
        ("type: yes/no, yes: Y, no: y", "I026"),
    ],
)
def test_a_form_that_does_not_fit_its_type_is_a_problem(shop: Shop, form: str, code: str) -> None:
    settings = shop.customers("people.csv", "customer_id,x\nC1,1\n", fields=f"x: {{{form}}}")
    (problem,) = shop.refused(*settings)
    assert (problem.code, problem.place.line) == (code, 6)


def test_our_own_columns_keep_their_type(shop: Shop) -> None:
    settings = shop.customers("p.csv", "customer_id\nC1\n", fields="customer_id: {type: number}")
    (problem,) = shop.refused(*settings)
    assert (problem.code, problem.help) == ("I020", "type: text")
