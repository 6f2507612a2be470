"""From a planner's workbook to the approved order, in the order in which it happens."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from targeting.exports.sheet_lines import in_major_units
from targeting.orders.approve import approve
from targeting.orders.changes import (
    Total,
    by_supplier,
    changed_inputs,
    changed_lines,
    warned_lines,
)
from targeting.orders.edited import read_edited
from targeting.orders.lines import read_lines
from targeting.orders.runs import run_folder
from targeting.orders.write import APPROVED, ORDER, write_approved
from targeting.problems import Place, Refused, refuse
from targeting.run_folder.settings import workspace_of_settings
from targeting.workspace.settings import Ordering, Shop


@dataclass(frozen=True)
class Accepted:
    """An approved order, and what the planner changed; money in minor units.

    `changed`, `inputs`, `warned` and `suppliers` are the frames of `orders.changes`; `deleted`
    counts lines that were in the workbook and are not any more. `budget` is the run's, None without
    one. `notes` are sentences.
    """

    run_id: str
    folder: Path
    replaced: bool
    currency: str
    digits: int
    budget: int | None
    suggested: Total
    approved: Total
    changed: pl.DataFrame
    inputs: pl.DataFrame
    warned: pl.DataFrame
    suppliers: pl.DataFrame
    deleted: int
    notes: tuple[str, ...]

    @property
    def approved_file(self) -> Path:
        """The record: every line, as suggested and as approved."""
        return self.folder / APPROVED

    @property
    def order_file(self) -> Path:
        """The order itself, for ERP."""
        return self.folder / ORDER

    @property
    def over_budget(self) -> int:
        """By how much the approved order passes the budget; 0 where it does not."""
        return 0 if self.budget is None else max(self.approved.cost - self.budget, 0)

    def money(self, minor: int, sign: str = "") -> str:
        """Write an amount in the shop's currency: USD 1,204.50."""
        return f"{self.currency} {self._major(minor):{sign},.{self.digits}f}"

    def as_dict(self) -> dict[str, Any]:
        """Give the form that `stock accept --json` prints: money in major units."""
        return {
            "run_id": self.run_id,
            "approved_file": str(self.approved_file),
            "order_file": str(self.order_file),
            "replaced": self.replaced,
            "currency": self.currency,
            "suggested": self._total(self.suggested),
            "approved": self._total(self.approved),
            "over_budget": float(self._major(self.over_budget)),
            "deleted": self.deleted,
            "changed": self._rows(self.changed, "cost"),
            "inputs": self._rows(self.inputs),
            "warnings": self._rows(self.warned),
            "suppliers": self._rows(self.suppliers, "suggested_cost", "approved_cost"),
            "notes": list(self.notes),
        }

    def _major(self, minor: int) -> Decimal:
        return Decimal(minor).scaleb(-self.digits)

    def _total(self, total: Total) -> dict[str, float]:
        return asdict(total) | {"cost": float(self._major(total.cost))}

    def _rows(self, frame: pl.DataFrame, *money: str) -> list[dict[str, Any]]:
        major = in_major_units(pl.col(money), self.digits).cast(pl.Float64)
        return (frame.with_columns(major) if money else frame).to_dicts()


def accept(workbook: Path, out: Path, *, may_be_empty: bool = False) -> Accepted:
    """Read a planner's workbook, write the approved order into its run's folder below `out`.

    Writes the files of `orders.write` below stock/; the caller holds `only_one`.

    Raises:
        Refused: O001 to O005, W007, and O006 where nothing is ordered of all that was suggested,
            unless it `may_be_empty`; then nothing was written.
    """
    edited = read_edited(workbook)
    folder = run_folder(out, edited.run_id, workbook)
    ordering, shop = _settings(folder)
    lines = approve(read_lines(folder), edited)
    suggested, approved = Total.of(lines, "quantity"), Total.of(lines, "approved")
    if suggested.lines and not approved.lines and not may_be_empty:
        raise _empty(workbook, suggested)
    replaced = write_approved(folder, lines, shop.minor_digits)
    deleted = int(lines["deleted"].sum())
    return Accepted(
        run_id=edited.run_id,
        folder=folder,
        replaced=replaced,
        currency=shop.currency,
        digits=shop.minor_digits,
        budget=None if ordering.budget is None else int(ordering.budget * 10**shop.minor_digits),
        suggested=suggested,
        approved=approved,
        changed=changed_lines(lines),
        inputs=changed_inputs(lines),
        warned=warned_lines(lines),
        suppliers=by_supplier(lines),
        deleted=deleted,
        notes=(*edited.notes, *_about(lines, deleted)),
    )


def _empty(workbook: Path, suggested: Total) -> Refused:
    message = f"this workbook orders nothing, where {suggested.lines:,} lines were suggested"
    help_ = "look at the column Order; if nothing is to be ordered, say --empty"
    return refuse("O006", message, Place(str(workbook)), help_)


def _settings(folder: Path) -> tuple[Ordering, Shop]:
    """Take the shop and the budget as they were on the night of the run."""
    settings = workspace_of_settings(folder / "inputs").settings
    return settings.ordering, settings.shop


def _about(lines: pl.DataFrame, deleted: int) -> list[str]:
    elsewhere = lines.filter(~pl.col("in_workbook") & (pl.col("quantity") > 0)).height
    notes = []
    if deleted:
        notes.append(f"lines deleted from the workbook, so 0: {deleted:,}")
    if elsewhere:
        notes.append(f"lines that were never in the workbook, ordered as suggested: {elsewhere:,}")
    return notes
