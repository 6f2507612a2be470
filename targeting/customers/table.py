"""One row a customer: attributes, spending, measures and derived fields joined by id."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from targeting.behind import abreast
from targeting.customers.derived import derived, minor_units
from targeting.customers.fields import among, in_catalogue_order, read_of_lines, reading
from targeting.customers.held import Shelf, Table
from targeting.customers.lines import Lines, MakesLines
from targeting.customers.measures import measures, zeroes
from targeting.customers.responses import known_customers, response_fields
from targeting.customers.spending import (
    BOUGHT,
    purchase_lines,
    spending,
    windowed_spending,
    without_purchases,
)
from targeting.frames import CUSTOMER
from targeting.intake.spilled import Aside, Spilled, part_of
from targeting.workspace.catalogue import (
    RESPONSE_FIELDS,
    listed_categories,
    purchase_columns,
)
from targeting.workspace.columns import SourceName
from targeting.workspace.literals import Period
from targeting.workspace.load import Workspace
from targeting.workspace.sql import fields_in

_CONTACTED = "last_contacted_on"
_PART = "part:"  # no field's name has a colon


@dataclass(frozen=True)
class CustomerData:
    """The clean sources that customers are made of, and how."""

    workspace: Workspace
    attributes: pl.LazyFrame | None
    lines: Lines | None  # purchases, the attributes of their products joined on
    responses: pl.LazyFrame | None = None  # what came back, each of a customer
    contacted: pl.LazyFrame | None = None  # when each customer was last contacted, as of tonight
    listed: Aside | None = None  # the attributes, where they are parted on disk
    shelf: Shelf = field(default_factory=Shelf)  # where tables of customers are held

    @classmethod
    def of(
        cls,
        workspace: Workspace,
        frames: Mapping[SourceName, pl.DataFrame],
        spilled: Spilled | None = None,
        listed: Aside | None = None,
    ) -> CustomerData:
        """Join purchases to products once, for every table made of them.

        `spilled`: the purchases, where they wait on disk or elsewhere; `listed`: the customers,
        where they wait on disk.
        """
        lines, wanted, shelf = None, read_of_lines(workspace), Shelf()
        products = frames["products"].lazy() if "products" in frames else None
        if isinstance(spilled, MakesLines):
            lines = spilled.lines(frames.get("products"), wanted)
        elif spilled is not None:
            parts = (purchase_lines(spilled.part(n), products) for n in range(spilled.parts))
            lines = Lines.on_disk(parts, wanted, spilled.folder / "sorted")
            shelf = Shelf(spilled.folder / "customers")
        elif "purchases" in frames:
            lines = Lines.of(purchase_lines(frames["purchases"].lazy(), products), wanted)
        attributes = frames["customers"].lazy() if "customers" in frames else None
        if listed is not None:
            attributes = pl.concat(listed.pieces())
        responses = _responses(workspace, frames.get("responses"), attributes)
        return cls(workspace, attributes, lines, responses, listed=listed, shelf=shelf)

    def only(self, ids: pl.DataFrame) -> CustomerData:
        """Keep the customers of a column `customer_id`, and nobody's purchases but theirs."""
        attributes, lines = self.attributes, self.lines
        if attributes is not None:
            attributes = attributes.join(ids.lazy().select(CUSTOMER), on=CUSTOMER, how="semi")
        if lines is not None:
            lines = lines.only(ids)
        return replace(self, attributes=attributes, lines=lines, listed=None)

    def table(
        self, as_of: dt.date, *, window: Period | None = None, only: Collection[str] | None = None
    ) -> pl.LazyFrame:
        """Make one row for each id in customers or purchases, sorted by customer_id.

        Only purchases up to as_of count; with a window, spending and measures are taken over the
        trailing window (recency and tenure never are). `only`: the fields that are needed.
        """
        settings = self.workspace.settings
        read = reading(settings.derived, only)
        spent = None
        if self.lines is not None:
            spent = self._spent(self.lines, as_of, window, read).lazy()
        table = self._people(spent)
        if spent is not None:
            table = table.join(spent, on=CUSTOMER, how="left")
            known = table.collect_schema().names()
            table = table.with_columns(**without_purchases(known))
            table = table.with_columns(zeroes(among(settings.measures, read)))
        if self.responses is not None and (read is None or read & RESPONSE_FIELDS.keys()):
            came = response_fields(self.responses, as_of)
            table = table.join(came, on=CUSTOMER, how="left")
            table = table.with_columns(pl.col("opens_90_days", "clicks_90_days").fill_null(0))
        if self.attributes is not None:
            known = self.attributes.collect_schema().names()
            given = [n for n in known if n != CUSTOMER and (read is None or n in read)]
            own = self.attributes.select(CUSTOMER, *given)
            table = table.drop(given, strict=False).join(own, on=CUSTOMER, how="left")
        if self.contacted is not None:
            table = table.join(self.contacted, on=CUSTOMER, how="left")
        if _CONTACTED not in table.collect_schema():
            table = table.with_columns(pl.lit(None, dtype=pl.Date).alias(_CONTACTED))
        forms = among(settings.derived, read)
        table = derived(table, forms, as_of, minor=minor_units(self.workspace))
        return in_catalogue_order(table, self.workspace, only).sort(CUSTOMER)

    def parts(self) -> Iterator[CustomerData]:
        """Give the customers part by part, as their lines are parted."""
        lines = self.lines
        if lines is None or len(lines.parts) < 2:
            yield self
            return
        for number, part in enumerate(lines.parts):
            attributes, responses, contacted = (
                None if frame is None else frame.filter(pl.col(_PART) == number).drop(_PART)
                for frame in self._numbered
            )
            if self.listed is not None:
                attributes = self.listed.part(number)
            yield replace(
                self,
                attributes=attributes,
                listed=None,
                lines=Lines((part,), lines.schema),
                responses=responses,
                contacted=contacted,
            )

    @cached_property
    def _numbered(self) -> tuple[pl.LazyFrame | None, ...]:
        """Write beside every customer's row in which part he is, once for all parts."""
        assert self.lines is not None
        part = part_of(len(self.lines.parts)).alias(_PART)
        return tuple(
            None if frame is None else frame.with_columns(part).collect().lazy()
            for frame in (
                self.attributes if self.listed is None else None,
                self.responses,
                self.contacted,
            )
        )

    def customers(self, as_of: dt.date) -> Table:
        """Make `table` part by part, and hold it."""

        def kept(numbered: tuple[int, CustomerData]) -> pl.LazyFrame:
            number, part = numbered
            return self.shelf.keep("known", number, part.table(as_of).collect())

        return Table.parted(abreast(kept, enumerate(self.parts())))

    def with_contacts(self, customers: Table, contacted: pl.DataFrame, as_of: dt.date) -> Table:
        """Put in when each customer was last contacted: rows customer_id, last_contacted_on.

        The table is made again only where a derived field reads that day.
        """
        if contacted.is_empty() or self._has_own_contacts():
            return customers
        if self._derives_from_contacts():
            return replace(self, contacted=contacted.lazy()).customers(as_of)
        columns = customers.columns

        def kernel(page: pl.DataFrame) -> pl.DataFrame:
            without = page.drop(_CONTACTED)
            joined = without.join(contacted, on=CUSTOMER, how="left", maintain_order="left")
            return joined.select(columns)

        return customers.each(self.shelf, "contacted", kernel)

    def _has_own_contacts(self) -> bool:
        source = self.attributes
        return source is not None and _CONTACTED in source.collect_schema()

    def _derives_from_contacts(self) -> bool:
        read = (fields_in(form.sql) for form in self.workspace.settings.derived.values())
        return any(_CONTACTED in names for names in read)

    def buyers(self, cut_off: dt.date) -> pl.DataFrame:
        """Make the table of a past day: customers who had bought by then, as they looked then."""
        if self.lines is None:
            return pl.DataFrame()
        up_to = pl.col("purchased_on") <= cut_off
        bought = self.lines.each(
            lambda lines: lines.filter(up_to & BOUGHT).group_by(CUSTOMER).agg()
        )
        known = self.table(cut_off).join(bought.lazy(), on=CUSTOMER, how="semi")
        return known.sort(CUSTOMER).collect()

    def _people(self, spent: pl.LazyFrame | None) -> pl.LazyFrame:
        known = [each.select(CUSTOMER) for each in (self.attributes, spent) if each is not None]
        return pl.concat(known).unique()

    def _spent(
        self, lines: Lines, as_of: dt.date, window: Period | None, read: Collection[str] | None
    ) -> pl.DataFrame:
        """Sum up the lines to as_of, one row a customer who has any."""
        settings = self.workspace.settings
        categories = listed_categories(settings)
        types, minor = purchase_columns(settings), minor_units(self.workspace)
        since = None if window is None else window.before(as_of)
        forms = among(settings.measures, read)

        def kernel(lines: pl.LazyFrame) -> pl.LazyFrame:
            lines = lines.filter(pl.col("purchased_on") <= as_of)
            if since is None:
                table = spending(lines, as_of, categories=categories)
            else:
                table = windowed_spending(lines, as_of, since, categories=categories)
                lines = lines.filter(pl.col("purchased_on") > since)
            if read is not None:
                names = table.collect_schema().names()
                table = table.select(CUSTOMER, *(name for name in names if name in read))
            if not forms:
                return table
            counted = measures(lines, forms, as_of, types=types, minor=minor)
            return table.join(counted, on=CUSTOMER, how="left")

        return lines.each(kernel)


def _responses(
    workspace: Workspace, responses: pl.DataFrame | None, attributes: pl.LazyFrame | None
) -> pl.LazyFrame | None:
    if responses is None:
        return None
    email = workspace.policy.channels.get("email")
    address = email.address if email is not None else None
    people = None
    if attributes is not None and address in attributes.collect_schema():
        people = attributes.select(CUSTOMER, address).collect()
    return known_customers(responses, people, address).lazy()
