"""Who is one person behind several customer ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.customers.held import Rows
from targeting.frames import CUSTOMER, PERSON, stable_hash

_AT_ONCE = 2**20
MOST_SHARING = 5  # an identifier shared by more is the shop's own number (decisions.md 1)


@dataclass(frozen=True)
class Persons:
    """The person of each customer, in the order of the customers.

    Parameters:
        of: the representative's customer_id.
        number: the person as a number from 0.
        ignored: by field, the identifiers that were too widely shared to count.
    """

    of: pl.Series
    number: npt.NDArray[np.int64]
    ignored: Mapping[str, int]

    @property
    def count(self) -> int:
        """How many persons there are."""
        return int(self.number.max(initial=-1)) + 1

    def any_of(self, flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Flag every member of a person of whom any member is flagged."""
        whole = np.zeros(self.count, dtype=np.bool_)
        whole[self.number[flags]] = True
        found: npt.NDArray[np.bool_] = whole[self.number]
        return found


def find_persons(customers: Rows, identifiers: Mapping[str, pl.Series], key: str) -> Persons:
    """Join customers who share a normalised identifier, over any chain of identifiers.

    Each member's own hash orders them; the lowest is the representative, its id the person.
    """
    ids = customers.select(CUSTOMER)
    ids = ids.with_columns(own_hash(ids[CUSTOMER], key).alias("_own"))
    edges, ignored = _edges(identifiers)
    number = _components(edges, ids.height)
    in_order = ids.select(pl.arg_sort_by("_own", CUSTOMER)).to_series().to_numpy()
    first = np.zeros(ids.height, dtype=np.int64)
    first[number[in_order[::-1]]] = in_order[::-1]  # of several the last one written stays
    person = ids[CUSTOMER].gather(first[number]).rename(PERSON)
    return Persons(person, number, ignored)


def own_hash(customers: pl.Series, key: str) -> pl.Series:
    """Give each customer's own order within a person."""
    return hashed(customers, key, PERSON)


def hashed(persons: pl.Series, key: str, purpose: str, name: str = "") -> pl.Series:
    """Give the `stable_hash` of each; a million at a time, since each is written out for it."""
    made = stable_hash(key, purpose, name, pl.col(PERSON))
    slices = (persons.slice(at, _AT_ONCE) for at in range(0, persons.len() or 1, _AT_ONCE))
    return pl.concat([some.to_frame(PERSON).select(made).to_series() for some in slices])


def _edges(identifiers: Mapping[str, pl.Series]) -> tuple[pl.DataFrame, dict[str, int]]:
    """Connect each customer to the first who has the same identifier."""
    edges = [pl.DataFrame(schema={"at": pl.UInt32, "to": pl.UInt32})]
    ignored = {}
    for name, values in identifiers.items():
        same = pl.col("value")
        shared = (
            pl.DataFrame({"value": values})
            .with_row_index("at")
            .filter(same.is_not_null() & same.is_duplicated())
            .with_columns(
                pl.len().over(same).alias("size"), pl.col("at").min().over(same).alias("to")
            )
        )
        too_many = pl.col("size") > MOST_SHARING
        count = shared.filter(too_many)["value"].n_unique()
        if count:
            ignored[name] = count
        edges.append(shared.filter(~too_many).select("at", "to"))
    return pl.concat(edges), ignored


def _components(edges: pl.DataFrame, size: int) -> npt.NDArray[np.int64]:
    if edges.is_empty():
        return np.arange(size, dtype=np.int64)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = edges["at"].to_numpy(), edges["to"].to_numpy()
    graph = coo_array((np.ones(edges.height, dtype=np.int8), pairs), shape=(size, size))
    labels: npt.NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return labels.astype(np.int64)
