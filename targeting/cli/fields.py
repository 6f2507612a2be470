"""targeting fields."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from targeting.cli.console import Progress, say, say_json
from targeting.cli.options import (
    as_of_option,
    json_option,
    source_option,
    today,
    workspace_argument,
    workspace_of,
    workspace_option,
)

if TYPE_CHECKING:
    from targeting.workspace.catalogue import Field


@click.command("fields")
@workspace_argument
@workspace_option
@as_of_option
@source_option
@json_option
def command(
    folder: Path | None,
    option_folder: Path | None,
    as_of: dt.date | None,
    files: dict[str, Path],
    as_json: bool,
) -> None:
    """List every field that a rule may name: type, values, and what the data holds.

    Example: targeting fields --json
    """
    with Progress() as progress:
        progress.tell("checking targeting.yaml")
        from targeting.seen import readable, seen_values

        workspace = readable(workspace_of(folder, option_folder))
        progress.tell("looking at the data")
        seen = seen_values(workspace, as_of=as_of, files=files, today=today())
    catalogues = {"customers": workspace.customer_fields, "products": workspace.product_fields}
    rows = [
        _row(of, field, seen.get((of, name), {}))
        for of, catalogue in catalogues.items()
        for name, field in catalogue.items()
    ]
    if as_json:
        say_json(rows)
        return
    for of, title in (
        ("customers", "For marketing and retention rules"),
        ("products", "For inventory rules"),
    ):
        say(title)
        say()
        for row in rows:
            if row["of"] == of:
                say(_line(row))
        say()


def _row(of: str, field: Field, seen: Mapping[str, object]) -> dict[str, object]:
    return {
        "of": of,
        "field": field.name,
        "type": field.type,
        "unit": field.unit,
        "values": list(field.values) if field.values is not None else None,
        "from": field.origin,
        "lowest": seen.get("lowest"),
        "highest": seen.get("highest"),
        "missing": seen.get("missing"),
        "personal": field.personal,
    }


def _line(row: Mapping[str, object]) -> str:
    """One line: name, type, the values or the range seen, the missing share."""
    values, missing = row["values"], row["missing"]
    says = ""
    if isinstance(values, list):
        says = " | ".join(map(str, values))
    elif row["lowest"] is not None:
        says = f"{row['lowest']} to {row['highest']}" + (f" {row['unit']}" if row["unit"] else "")
    gone = f"{missing:.1%} missing" if isinstance(missing, float) and missing > 0 else ""
    return f"  {row['field']:<26}{row['type']:<10}{gone:<16}{says}".rstrip()
