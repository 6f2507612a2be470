"""exports/*.yaml: which columns go where, in which form."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from targeting.workspace.databases import DeliverForm
from targeting.workspace.forms import Form, OneOrMore, Text, Whole, YesNo, refused

Normal = Literal["email", "email_google", "e164", "e164_digits", "lower", "name"]


def _rows(value: object) -> object:
    if isinstance(value, str):
        count, _, unit = value.partition(" ")
        if unit not in ("row", "rows") or not count.isdigit() or int(count) < 1:
            raise refused(f"'{value}' is not a number of rows", "split_at: 100000 rows")
        return int(count)
    return value


def _single(value: object) -> object:
    if isinstance(value, dict) and len(value) != 1:
        raise refused(
            "a column is one line: its header, then where it comes from", "- email: {field: email}"
        )
    return value


class CsvForm(Form):
    """How a CSV file is spelled."""

    delimiter: str = ","
    encoding: str = "utf-8-sig"
    newline: Literal["crlf", "lf"] = "crlf"


class Only(Form):
    """Which contacts go there, or which lines of the suggestions."""

    channel: OneOrMore = ()
    rule: OneOrMore = ()
    kind: OneOrMore = ()
    category: OneOrMore = ()
    supplier: OneOrMore = ()
    location: OneOrMore = ()


class ColumnForm(Form):
    """What stands under one header: a field, or one value in every row."""

    field: str | None = None
    value: Text | None = None
    decimals: Whole | None = None
    dates: Text | None = None  # like %d/%m/%Y
    yes_no: Annotated[tuple[Text, ...], Field(min_length=2, max_length=2)] = ("yes", "no")
    normalise: Normal | None = None
    hash: Literal["sha256"] | None = None
    required: YesNo = False

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if (self.field is None) == (self.value is None):
            raise refused("says neither or both of field and value", "{field: email}")
        return self


class Destination(Form):
    """One file of exports/."""

    title: str = ""
    source: str | None = None
    active: YesNo = True
    of: Literal["contacts", "suggestions"] = "contacts"
    only: Only = Only()
    read_by: Literal["person", "machine"] = "person"
    formats: Annotated[tuple[Literal["csv", "xlsx"], ...], Field(min_length=1)] = ("csv",)
    csv: CsvForm = CsvForm()
    split_at: Annotated[int | None, BeforeValidator(_rows)] = None
    seeds: tuple[dict[str, Text], ...] = ()
    deliver: DeliverForm | None = None
    columns: Annotated[
        tuple[Annotated[dict[str, ColumnForm], BeforeValidator(_single)], ...], Field(min_length=1)
    ]

    @property
    def headers(self) -> dict[str, ColumnForm]:
        """Header and what stands under it, in order."""
        return {header: form for column in self.columns for header, form in column.items()}
