"""Who is one person behind several customer ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from targeting.frames import CUSTOMER, PERSON, stable_hash

MOST_SHARING = 5  # an identifier shared by more is the shop's own number (decisions.md 1)


@dataclass(frozen=True)
class Persons:
    """The person of each customer, and how many identifiers were too widely shared to count."""

    of: (
        pl.Series
    )  # String `person`: the representative's customer_id, in the order of the customers
    own_hash: pl.Series  # UInt64, each customer's own order within a person
    ignored: Mapping[str, int]  # field -> identifiers shared by more than five customers


def find_persons(
    customers: pl.DataFrame, identifiers: Mapping[str, pl.Series], key: str
) -> Persons:
    """Join customers who share a normalised identifier, over any chain of identifiers.

    Each member's own hash orders them; the lowest is the representative, its id the person.
    """
    ids = customers.select(CUSTOMER, _own=stable_hash(key, PERSON, "", pl.col(CUSTOMER)))
    own = ids["_own"]
    if not identifiers or ids.is_empty():
        return Persons(ids[CUSTOMER].alias(PERSON), own, {})
    edges, ignored = _edges(identifiers)
    component = _components(edges, ids.height)
    ordered = ids.with_columns(
        pl.Series("_component", component), pl.int_range(pl.len()).alias("_at")
    )
    first = (
        ordered.sort("_own", CUSTOMER)
        .group_by("_component", maintain_order=True)
        .agg(pl.col(CUSTOMER).first().alias(PERSON))
    )
    joined = ordered.join(first, on="_component", how="left", maintain_order="left")
    return Persons(joined[PERSON], own, ignored)


def _edges(identifiers: Mapping[str, pl.Series]) -> tuple[pl.DataFrame, dict[str, int]]:
    """Connect each customer to the first who has the same identifier."""
    edges = []
    ignored = {}
    for name, values in identifiers.items():
        shared = (
            pl.DataFrame({"value": values})
            .with_row_index("at")
            .drop_nulls()
            .with_columns(
                pl.len().over("value").alias("size"), pl.col("at").min().over("value").alias("to")
            )
            .filter(pl.col("size") > 1)
        )
        too_many = pl.col("size") > MOST_SHARING
        count = shared.filter(too_many)["value"].n_unique()
        if count:
            ignored[name] = count
        edges.append(shared.filter(~too_many).select("at", "to"))
    return pl.concat(edges), ignored


def _components(edges: pl.DataFrame, size: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = edges["at"].to_numpy(), edges["to"].to_numpy()
    graph = coo_array((np.ones(edges.height, dtype=np.int8), pairs), shape=(size, size))
    labels: np.ndarray[tuple[int], np.dtype[np.int32]] = connected_components(
        graph, directed=False
    )[1]
    return labels
