"""exports/*.yaml: which columns go where, in which form."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from targeting.workspace.forms import Form, OneOrMore, Whole, refused


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
    """Which contacts go there."""

    channel: OneOrMore = ()
    rule: OneOrMore = ()
    kind: OneOrMore = ()


class ColumnForm(Form):
    """What stands under one header."""

    field: str
    decimals: Whole | None = None
    normalise: Literal["email", "e164", "e164_digits"] | None = None
    hash: Literal["sha256"] | None = None


class Destination(Form):
    """One file of exports/."""

    title: str = ""
    source: str | None = None
    of: Literal["contacts", "suggestions"] = "contacts"
    only: Only = Only()
    read_by: Literal["person", "machine"] = "person"
    formats: Annotated[tuple[Literal["csv", "xlsx"], ...], Field(min_length=1)] = ("csv",)
    csv: CsvForm = CsvForm()
    split_at: Annotated[int | None, BeforeValidator(_rows)] = None
    columns: Annotated[
        tuple[Annotated[dict[str, ColumnForm], BeforeValidator(_single)], ...], Field(min_length=1)
    ]

    @property
    def headers(self) -> dict[str, ColumnForm]:
        """Header and what stands under it, in order."""
        return {header: form for column in self.columns for header, form in column.items()}
