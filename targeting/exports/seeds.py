"""The team's own addresses on each list: rows that look like a contact's and are no customer's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import polars as pl

from targeting.exports.only import chosen
from targeting.frames import ADDRESS, CHANNEL, CUSTOMER, RULE, SEGMENT
from targeting.problems import Refused
from targeting.workspace.destinations import Destination

DESTINATION: Final = "destination"
MESSAGE: Final = "message"
BECAUSE: Final = "seed: the team's own address"
NO_MESSAGE: Final = f"{BECAUSE}; no message: its template needs more fields than the seed has"
_OF_THE_LIST: Final = (RULE, "kind", SEGMENT, CHANNEL, "offer", MESSAGE)


def seed_rows(
    contacts: pl.DataFrame,
    destinations: Mapping[str, Destination],
    addresses: Mapping[str, str | None],
) -> pl.DataFrame:
    """Give one row a destination, list and seed, in the columns of contacts and `destination`.

    A seed's row has its own fields, is called `seed_1` (the first of the file), and takes rule,
    kind, segment, channel, offer and template from the list's first contact on a channel that it
    has an address for (`addresses`: by channel, the field with it); without any it is not there.
    All else is missing. `message` names the template, as in contacts that are not rendered yet.
    """
    parts = [_nowhere(contacts)]
    for name, destination in sorted(destinations.items()):
        if destination.active and destination.of == "contacts":
            rows = chosen(contacts, destination.only)
            for number, seed in enumerate(destination.seeds, start=1):
                parts.append(_rows(name, f"seed_{number}", seed, rows, addresses))
    return pl.concat(parts)


def with_messages(seeds: pl.DataFrame, render: Callable[[pl.DataFrame], pl.Series]) -> pl.DataFrame:
    """Put each seed's message in the place of its template's name.

    The message is the template's with the seed's own fields. Where it needs more, the message is
    missing and `because` says so: another customer's message would carry that customer's data.
    """
    one_by_one = [_with_message(seeds[at], render) for at in range(seeds.height)]
    return pl.concat([seeds.clear(), *one_by_one])


def _nowhere(contacts: pl.DataFrame) -> pl.DataFrame:
    return contacts.clear().with_columns(pl.lit(None, pl.String).alias(DESTINATION))


def _rows(
    destination: str,
    customer: str,
    seed: Mapping[str, str],
    contacts: pl.DataFrame,
    addresses: Mapping[str, str | None],
) -> pl.DataFrame:
    """Make one seed's rows, one a list that it can be on."""
    reached = [c for c, field in addresses.items() if field is None or field in seed]
    mine = contacts.filter(pl.col(CHANNEL).cast(pl.String).is_in(reached))
    first = mine.unique([RULE, SEGMENT], keep="first", maintain_order=True)
    own = {name: text for name, text in seed.items() if name in contacts.columns}
    fields = {channel: own.get(field or "") for channel, field in addresses.items()}
    known = [name for name in _OF_THE_LIST if name in contacts.columns]
    made = [
        pl.lit(None, dtype).alias(name)
        for name, dtype in contacts.schema.items()
        if name not in (*known, *own, CUSTOMER)
    ]
    address = pl.col(CHANNEL).cast(pl.String).replace_strict(fields, return_dtype=pl.String)
    return (
        first.select(
            *known,
            *made,
            *(_typed(name, text, contacts.schema[name]) for name, text in own.items()),
            pl.lit(customer).cast(contacts.schema[CUSTOMER], strict=False).alias(CUSTOMER),
        )
        .with_columns(
            address.alias(ADDRESS),
            pl.lit(BECAUSE).alias("because"),
            pl.lit(destination).alias(DESTINATION),
        )
        .select(*contacts.columns, DESTINATION)
    )


def _typed(name: str, text: str, dtype: pl.DataType) -> pl.Expr:
    """Read a seed's value as its column's type; what cannot be read is missing."""
    if dtype == pl.Boolean:
        return pl.lit({"yes": True, "no": False}.get(text), pl.Boolean).alias(name)
    if dtype == pl.Date:
        return pl.lit(text).str.to_date("%Y-%m-%d", strict=False).alias(name)
    if dtype.is_nested():
        return pl.lit(None, dtype).alias(name)
    return pl.lit(text).cast(dtype, strict=False).alias(name)


def _with_message(seed: pl.DataFrame, render: Callable[[pl.DataFrame], pl.Series]) -> pl.DataFrame:
    try:
        return seed.with_columns(render(seed.drop(DESTINATION)).alias(MESSAGE))
    except Refused:
        nothing = pl.lit(None, pl.String).alias(MESSAGE)
        return seed.with_columns(nothing, pl.lit(NO_MESSAGE).alias("because"))
