"""Ids like one that is not there: for a slip of the finger, never a list of all customers."""

from __future__ import annotations

import difflib

import polars as pl

from targeting.evidence.read_run import RunFolder, damaged
from targeting.frames import CUSTOMER
from targeting.problems import Place, Problem, Refused

MOST = 3
_AROUND = 500  # neighbours by name that are compared letter by letter


def known_customer(run: RunFolder, name: str) -> None:
    """Make sure that a run knew a customer.

    Raises:
        Refused: W006 with the nearest ids; W007 where its policy state has lost the customer.
    """
    ids = run.customers.select(CUSTOMER).collect()[CUSTOMER]
    if name in ids:
        if run.state.filter(pl.col(CUSTOMER) == name).collect().is_empty():
            raise damaged(run.folder, "policy_state.parquet", f"has no row of '{name}'")
        return
    near = nearest_ids(name, ids)
    message = f"run {run.run_id} knew no customer '{name}'"
    help_ = f"did you mean {' or '.join(near)}?" if near else "look the id up where it comes from"
    raise Refused([Problem("W006", message, Place(str(run.folder / "customers.parquet")), help_)])


def nearest_ids(name: str, ids: pl.Series) -> list[str]:
    """Find up to three ids that a wrong one may have meant: nearest first."""
    folded = name.strip().casefold()
    if not folded:
        return []
    ordered = ids.sort()
    at = int(ordered.search_sorted(name.strip()))
    around = ordered.slice(max(0, at - _AROUND), 2 * _AROUND)
    tail = ordered.filter(ordered.str.to_lowercase().str.ends_with(folded[-4:])).head(_AROUND)
    same = ordered.filter(ordered.str.to_lowercase() == folded)
    known = dict.fromkeys([*same, *around, *tail])
    by_folded = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(folded, by_folded, n=MOST, cutoff=0.7)
    return [by_folded[each] for each in close]
