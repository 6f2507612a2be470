"""What models read of the customers of one day besides their fields."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import polars as pl

from targeting.customers.table import CustomerData
from targeting.frames import CUSTOMER
from targeting.scoring.label import rhythm_on


def rhythm_of(data: CustomerData, as_of: dt.date, name: str) -> pl.DataFrame | None:
    """Give what BG/NBD reads of a day's customers, for a label from purchases."""
    forms = data.workspace.scores
    if data.lines is None or forms is None or forms.likelihoods[name].predicts.field is not None:
        return None
    within = forms.likelihoods[name].predicts.within
    return rhythm_on(data.lines, as_of, within)


def windowed(
    data: CustomerData, customers: pl.DataFrame | None, day: dt.date, features: Collection[str]
) -> pl.DataFrame:
    """Give customer_id and the segments' features on a day, spending taken over their window.

    `customers` are those of the day, where they are at hand.
    """
    form = data.workspace.segments
    if form is None or form.window == "all" or data.lines is None:
        if customers is not None:
            return customers.select(CUSTOMER, *features)
        return data.table(day, only=features).collect()
    return data.table(day, window=form.window, only=features).collect()
