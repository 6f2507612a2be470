"""An ERP's import gets what to order under its own headers, and nothing that it cannot take."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO
from pathlib import Path

import openpyxl
import polars as pl

from targeting.exports.files import Written
from targeting.exports.suggestions import SUGGESTION_FIELDS, write_suggestions
from targeting.stock.columns import LINES
from targeting.workspace.destinations import Destination
from targeting.workspace.settings import Shop

SHOP = Shop(currency="PKR", region="PK", locale="en_PK")


def line(product_id: str, **more: object) -> dict[str, object]:
    plain: dict[str, object] = dict.fromkeys(LINES)
    return plain | {
        "product_id": product_id, "product": "Kettle", "location": "Clifton", "category": "Audio",
        "supplier": "Nasir", "quantity": 12, "unit_cost": Decimal("1250.50"), "flags": "rush",
    } | more  # fmt: skip


def erp(**more: object) -> Destination:
    columns = [
        {"Company": {"value": "1000"}},
        {"SKU": {"field": "product_id"}},
        {"Text": {"field": "product"}},
        {"Qty": {"field": "quantity"}},
        {"Price": {"field": "unit_cost"}},
    ]
    return Destination.model_validate(
        {"of": "suggestions", "read_by": "machine", "columns": columns, **more}
    )


def written(
    folder: Path, *lines: dict[str, object], draft: bool = False, **destinations: Destination
) -> tuple[list[Written], pl.DataFrame]:
    frame = pl.DataFrame(
        list(lines), schema_overrides={"unit_cost": pl.Decimal(38, 2), "product": pl.String}
    )
    return write_suggestions(folder, frame, destinations, shop=SHOP, draft=draft)


def table(path: Path) -> list[list[str]]:
    return list(csv.reader(StringIO(path.read_text("utf-8-sig"))))


def test_what_is_to_be_ordered_stands_under_the_headers_asked_for(tmp_path: Path) -> None:
    files, refused = written(tmp_path, line("A"), line("B", quantity=0), line("C"), erp=erp())
    assert files == [Written("exports/erp/suggestions.csv", 2)]
    assert table(tmp_path / files[0].path) == [
        ["Company", "SKU", "Text", "Qty", "Price"],
        ["1000", "A", "Kettle", "12", "1250.50"],
        ["1000", "C", "Kettle", "12", "1250.50"],
    ]
    assert refused.is_empty()


def test_only_says_which_lines(tmp_path: Path) -> None:
    lines = [
        line("A"),
        line("B", supplier="Other"),
        line("C", category="Phones"),
        line("D", location="Saddar"),
        line("E", supplier=None),
    ]
    only = {"supplier": "Nasir", "category": ["Audio"], "location": ["Clifton", "Saddar"]}
    files, _ = written(tmp_path, *lines, nasir=erp(only=only))
    assert [row[1] for row in table(tmp_path / files[0].path)[1:]] == ["A", "D"]


def test_a_line_that_a_machine_cannot_take_is_given_back_by_name(tmp_path: Path) -> None:
    files, refused = written(tmp_path, line("A", product="=1+1"), line("B"), erp=erp())
    assert [row[1] for row in table(tmp_path / files[0].path)[1:]] == ["B"]
    assert refused.rows() == [("erp", "A", "Clifton", "Text", "formula")]


def test_with_nothing_to_order_the_file_has_its_header(tmp_path: Path) -> None:
    both = erp(formats=["csv", "xlsx"], read_by="person")
    files, _ = written(tmp_path, line("A", quantity=0), draft=True, erp=both)
    assert files == [
        Written("exports/erp/DRAFT_suggestions.csv", 0),
        Written("exports/erp/DRAFT_suggestions.xlsx", 0),
    ]
    assert table(tmp_path / files[0].path) == [["Company", "SKU", "Text", "Qty", "Price"]]
    sheet = openpyxl.load_workbook(tmp_path / files[1].path).active
    assert sheet is not None
    assert sheet.max_row == 1


def test_what_is_idle_or_of_contacts_is_not_written(tmp_path: Path) -> None:
    contacts = Destination.model_validate({"columns": [{"id": {"field": "customer_id"}}]})
    files, _ = written(tmp_path, line("A"), idle=erp(active="no"), contacts=contacts)
    assert files == []


def test_every_column_of_the_suggestions_can_be_asked_for(tmp_path: Path) -> None:
    columns = [{name: {"field": name}} for name in SUGGESTION_FIELDS]
    every = erp(columns=columns, read_by="person")
    files, _ = written(tmp_path, line("A"), every=every)
    assert table(tmp_path / files[0].path)[0] == list(LINES)
