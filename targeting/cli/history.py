"""targeting history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from targeting.cli.console import note, say, say_json
from targeting.cli.options import json_option, out_option, workspace_of, workspace_option

if TYPE_CHECKING:
    import polars as pl


def _read_since(_: click.Context, __: click.Parameter, value: str | None) -> dt.date:
    from targeting.workspace.literals import Misread, read_date

    try:
        return dt.date.min if value is None else read_date(value)
    except Misread as error:
        raise click.BadParameter(f"{error.message}; {error.instead}") from None


@click.command("history")
@click.argument("customer", required=False)
@click.option("--since", metavar="DATE", callback=_read_since, help="Only from this day on.")
@workspace_option
@out_option
@json_option
def command(
    customer: str | None,
    since: dt.date,
    option_folder: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """List what every run did by rule, or every contact and holdout of one customer.

    Example: targeting history c-1042 --since 2026-01-01
    """
    from targeting.run_folder.history import history_of_customer, history_of_runs
    from targeting.run_folder.ledger import known_ledger
    from targeting.run_folder.settings import workspace_of_settings

    folder = workspace_of(None, option_folder)
    workspace = workspace_of_settings(folder)
    ledger = known_ledger(workspace, out or folder / "out")
    if customer is None:
        rows = history_of_runs(ledger, since)
    else:
        rows = history_of_customer(ledger, customer, since)
    if as_json:
        say_json([{**row, "as_of": row["as_of"].isoformat()} for row in rows.to_dicts()])
        return
    shop = workspace.settings.shop
    if rows.is_empty():
        note("no run has been made here yet" if ledger is None else _nothing(customer, since))
    elif customer is None:
        _tell_runs(rows, shop.currency)
    else:
        _tell_customer(rows, shop.currency)


def _nothing(customer: str | None, since: dt.date) -> str:
    lately = "" if since == dt.date.min else f" since {since}"
    if customer is None:
        return f"no run has been made here{lately}"
    return f"nobody has contacted or held out '{customer}'{lately}"


def _tell_runs(rows: pl.DataFrame, currency: str) -> None:
    width = _widest(rows["rule"])
    counts = f"{'contacts':>10}{'held out':>10}{f'cost {currency}':>16}"
    say(f"{'day':<12}{'run':<24}{'rule':<{width}}{'channel':<10}{counts}")
    for row in rows.iter_rows(named=True):
        counts = f"{row['contacts']:>10,}{row['held_out']:>10,}{_money(row['cost']):>16}"
        channel, rule = row["channel"] or "", row["rule"] or "(nobody)"
        line = f"{row['as_of']!s:<12}{row['run_id']:<24}{rule:<{width}}{channel:<10}{counts}"
        say(f"{line}{_marks(row)}")


def _tell_customer(rows: pl.DataFrame, currency: str) -> None:
    width = _widest(rows["rule"])
    head = f"{'day':<12}{'run':<24}{'rule':<{width}}{'channel':<10}{'outcome':<20}"
    say(f"{head}{f'cost {currency}':>16}")
    for row in rows.iter_rows(named=True):
        outcome, channel = row["outcome"].replace("_", " "), row["channel"] or ""
        line = f"{row['as_of']!s:<12}{row['run_id']:<24}{row['rule']:<{width}}{channel:<10}"
        say(f"{line}{outcome:<20}{_money(row['cost']):>16}{_marks(row)}")


def _marks(row: Mapping[str, Any]) -> str:
    marks = [mark for mark in ("undone", "sent", "delivered") if row.get(mark)]
    return f"  {', '.join(marks)}" if marks else ""


def _money(cost: float) -> str:
    """Show a cost to the last of its six decimals, and two at least."""
    whole, decimals = f"{cost:,.6f}".split(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"


def _widest(rules: pl.Series) -> int:
    return max(10, *(len(rule or "") for rule in rules)) + 2
