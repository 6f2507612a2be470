"""targeting stock accept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from targeting.cli.console import counted, note, say, say_json
from targeting.cli.options import json_option, out_option, workspace_of, workspace_option

if TYPE_CHECKING:
    import polars as pl

    from targeting.orders.accept import Accepted

MOST_SHOWN = 20


@click.command("accept")
@click.argument("workbook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--empty", is_flag=True, help="Accept that nothing at all is ordered.")
@workspace_option
@out_option
@json_option
def command(
    workbook: Path, empty: bool, option_folder: Path | None, out: Path | None, as_json: bool
) -> None:
    """Read the planner's edited workbook: the approved order, and what was changed.

    Lines are known by the hidden column Line id and columns by their headers, in any order. A line
    deleted is 0. A column Reason, or a comment, says why. Nothing is written where a cell cannot be
    read. The run's folder gets stock/approved.csv (every line) and stock/order.csv (the order).

    Example: targeting stock accept monday.xlsx
    """
    from targeting.orders.accept import accept
    from targeting.run_folder.ledger import shop_ledger
    from targeting.run_folder.settings import workspace_of_settings
    from targeting.run_folder.write import only_one

    folder = workspace_of(None, option_folder)
    out = out or folder / "out"
    workspace = workspace_of_settings(folder)
    with only_one(out, "a run is writing here; waiting for it"):
        shop_ledger(workspace, out)  # what an undo that was cut off had left to do
        accepted = accept(workbook, out, may_be_empty=empty)
    _tell(accepted)
    if as_json:
        say_json(accepted.as_dict())
        return
    say(str(accepted.approved_file))
    say(str(accepted.order_file))


def _tell(accepted: Accepted) -> None:
    again = ", in place of the order approved before" if accepted.replaced else ""
    note(f"the order of {accepted.run_id} is approved{again}")
    for text in accepted.notes:
        note(f"  {text}")
    _tell_totals(accepted)
    if accepted.changed.is_empty():
        note("everything is ordered as suggested")
    _tell_lines("changed", accepted.changed, lambda row: _change(row, accepted))
    _tell_lines("changed an input", accepted.inputs, _input)
    _tell_lines("to look at again", accepted.warned, _warned)
    _tell_suppliers(accepted)


def _tell_totals(accepted: Accepted) -> None:
    for name, total in (("suggested", accepted.suggested), ("approved", accepted.approved)):
        cost = accepted.money(total.cost)
        uncosted = f" ({total.uncosted:,} without a unit cost)" if total.uncosted else ""
        note(
            f"  {name:<10} {counted(total.lines, 'line')}, {total.units:,} units, {cost}{uncosted}"
        )
    if accepted.over_budget:
        over = accepted.money(accepted.over_budget)
        note(f"  warning: that is {over} over the budget of {accepted.money(accepted.budget or 0)}")


def _tell_lines(what: str, rows: pl.DataFrame, line: Callable[[Mapping[str, Any]], str]) -> None:
    if rows.height:
        note(f"{counted(rows.height, 'line')} {what}")
    for row in rows.head(MOST_SHOWN).iter_rows(named=True):
        place = f" at {row['location']}" if row["location"] else ""
        note(f"  {row['product'] or row['product_id']}{place}: {line(row)}")
    if rows.height > MOST_SHOWN:
        note(f"  … and {rows.height - MOST_SHOWN:,} more")


def _change(row: Mapping[str, Any], accepted: Accepted) -> str:
    cost = "" if row["cost"] is None else f", {accepted.money(row['cost'], sign='+')}"
    why = f" ({row['reason']})" if row["reason"] else ""
    return f"{row['suggested']:,} -> {row['approved']:,} ({row['units']:+,} units{cost}){why}"


def _input(row: Mapping[str, Any]) -> str:
    needed = f"needed {row['needed']:,} -> {row['needed_now']:,} because {row['inputs']}"
    return f"{needed}; approved {row['approved']:,}"


def _warned(row: Mapping[str, Any]) -> str:
    return f"{row['approved']:,} is {'; '.join(row['warnings'])}"


def _tell_suppliers(accepted: Accepted) -> None:
    rows: Iterable[Mapping[str, Any]] = accepted.suppliers.iter_rows(named=True)
    note("by supplier")
    for row in rows:
        before, after = (accepted.money(row[f"{who}_cost"]) for who in ("suggested", "approved"))
        units = f"{row['suggested_units']:,} -> {row['approved_units']:,} units"
        note(f"  {row['supplier'] or '(no supplier)'}: {units}, {before} -> {after}")
