"""targeting stock: a group whose commands stand in files of their own."""

from __future__ import annotations

import click

from targeting.cli.lazy import LazyGroup

PARTS = {
    "accept": "Read the planner's edited workbook: the approved order, and what was changed.",
    "backtest": "Replay the past weeks: what these suggestions would have done.",
}


@click.group("stock", cls=LazyGroup, parts=PARTS, before="stock_")
def command() -> None:
    """Take the planner's edited order back, or replay the past.

    Example: targeting stock accept suggestions.xlsx
    """
