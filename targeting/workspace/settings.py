"""targeting.yaml: what the data is."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_precision
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from targeting.workspace.columns import EVENTS, SOURCE_COLUMNS, FieldType, SourceName
from targeting.workspace.databases import SPARK, SourceUrl, Variable
from targeting.workspace.forms import (
    Date,
    Form,
    Number,
    OneOrMore,
    Percentage,
    Span,
    Text,
    YesNo,
    refused,
)
from targeting.workspace.literals import Misread, read_date, read_number

RESERVED_NAMES = frozenset({"all", "any", "none", "audience", "field", "list", "missing"})


def _field_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise refused(
            f"'{name}' is not a field name", "lower case letters, digits and _, like last_visit"
        )
    if name in RESERVED_NAMES:
        raise refused(f"'{name}' means something else in rules", "choose another name")
    return name


def _range_end(value: object) -> object:
    if not isinstance(value, str):
        return value
    for reader in (read_date, read_number):
        try:
            return reader(value)
        except Misread:
            continue
    raise refused(f"'{value}' is neither a number nor a date", "range: [16, 110]")


def _locale(name: str) -> str:
    try:
        Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        raise refused(f"'{name}' is not a locale", "language_REGION, like en_PK") from None
    return name


FieldName = Annotated[str, AfterValidator(_field_name)]
RangeEnd = Annotated[Number | Date, BeforeValidator(_range_end)]


class Shop(Form):
    """Whose night it is."""

    name: str = "The shop"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    locale: Annotated[str, AfterValidator(_locale)] = "en_US"
    time_zone: str = "UTC"

    @property
    def minor_digits(self) -> int:
        """Decimal places that money is kept to: the currency's, and never fewer than two."""
        return max(2, get_currency_precision(self.currency))


class Source(Form):
    """One file, or one table or query of a database, and how its columns are called."""

    file: str = ""
    source: SourceUrl | None = None
    table: Text | None = None
    query: Text | None = None
    password_env: Variable | None = None
    format: Literal["csv", "json", "ndjson", "parquet", "xlsx"] | None = None
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    columns: dict[FieldName, str] | None = None
    newest_by: str | None = None
    key: OneOrMore | None = None
    where: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.file) == (self.source is not None):
            raise refused("says not from which one place it is read", _PLACES)
        of_database = {"table", "query", "password_env"} & self.model_fields_set
        if self.source == SPARK and self.password_env is not None:
            raise refused("'password_env' belongs to a database", "Spark has settings of its own")
        of_file = {"format", "delimiter", "encoding", "sheet"} & self.model_fields_set
        if strange := sorted(of_file if self.source else of_database):
            other = "a file" if self.source else "a database"
            raise refused(f"'{strange[0]}' belongs to {other}", f"remove it, or read {other}")
        if self.source is not None and (self.table is None) == (self.query is None):
            raise refused(
                "says not exactly one thing to read", "table: customers, or query: SELECT …"
            )
        return self


_PLACES = "file: data/customers.csv; or source: postgresql://… and table: …"


class FieldForm(Form):
    """What a column holds."""

    type: FieldType
    values: tuple[str, ...] | None = None
    range: tuple[RangeEnd, RangeEnd] | None = None
    fill: str | None = None
    format: str | None = None
    numbers: str | None = None
    yes: OneOrMore | None = None
    no: OneOrMore | None = None
    required: YesNo = False
    if_bad: Literal["reject", "missing"] = "reject"
    personal: YesNo = False
    may_be_future: YesNo = False
    unit: str | None = None
    title: str | None = None


class Measure(Form):
    """Something counted from a customer's purchases."""

    count: str | None = None
    sum: str | None = None
    mean: str | None = None
    newest: str | None = None
    oldest: str | None = None
    distinct: str | None = None
    where: str | None = None
    within_last: Span | None = None
    unit: str | None = None
    title: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [way for way in MEASURE_WAYS if getattr(self, way) is not None]
        if len(ways) != 1:
            raise refused(
                "says not exactly one thing to count", f"one of {', '.join(MEASURE_WAYS)}"
            )
        return self

    @property
    def way(self) -> str:
        """Which of count, sum, mean, newest, oldest, distinct it is."""
        return next(way for way in MEASURE_WAYS if getattr(self, way) is not None)

    @property
    def of(self) -> str:
        """The column that is counted."""
        return str(getattr(self, self.way))


MEASURE_WAYS = ("count", "sum", "mean", "newest", "oldest", "distinct")


class Derived(Form):
    """A field computed from others by a SQL expression."""

    sql: str
    type: FieldType
    unit: str | None = None
    title: str | None = None
    values: tuple[str, ...] | None = None


class StopIf(Form):
    """When the run writes nothing and exits 1."""

    rejected_over: Percentage | None = None
    newest_purchase_older_than: Span | None = None
    list_changed_over: Percentage | None = None


class Ordering(Form):
    """Planning parameters where rules and products say nothing."""

    budget: Number | None = None
    service_level: dict[Literal["A", "B", "C"], Percentage] = {}
    review: Span | None = None
    lead_time: Span | None = None
    order_cost: Annotated[Number, Field(gt=0)] | None = None
    holding_cost: Annotated[Percentage, Field(gt=0)] | None = None
    transfers: YesNo = True


class Keep(Form):
    """How long results stay."""

    runs: Span | None = None
    ledger: Span | None = None


class LedgerForm(Form):
    """Where the ledger of contacts lies: a folder or an object store's URL, and its key."""

    url: str | None = None
    key_file: str | None = None


class Settings(Form):
    """The whole of targeting.yaml."""

    shop: Shop = Shop()
    as_of: Literal["newest_purchase", "today"] | Date = "today"
    missing: tuple[str, ...] = ("",)
    stop_if: StopIf = StopIf()
    sources: dict[SourceName, Source]
    fields: dict[FieldName, FieldForm] = {}
    measures: dict[FieldName, Measure] = {}
    derived: dict[FieldName, Derived] = {}
    ordering: Ordering = Ordering()
    keep: Keep = Keep()
    ledger: LedgerForm = LedgerForm()

    @model_validator(mode="after")
    def _people_somewhere(self) -> Self:
        if not {"customers", "purchases"} & set(self.sources):
            raise refused("has neither customers nor purchases", "add one of them under sources")
        return self

    def column_form(self, source: SourceName, column: str) -> FieldForm:
        """Say what a column holds: by `fields`, else the program's own type, else text."""
        own = SOURCE_COLUMNS[source].get(column)
        written = self.fields.get(column)
        if written is None:
            values = EVENTS if (source, column) == ("responses", "event") else None
            return FieldForm(
                type=own.type if own else "text", values=values, required=bool(own and own.required)
            )
        if own is not None and own.required and not written.required:
            return written.model_copy(update={"required": True})
        return written
