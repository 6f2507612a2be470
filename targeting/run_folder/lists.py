"""The contact lists in a run's folder: how each is spelled, and where a customer stands in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from targeting.exports.contacts import CONTACT_LIST, file_slug
from targeting.frames import CHANNEL, CUSTOMER, OUTCOME, PERSON, RULE, SEGMENT, SELECTED
from targeting.run_folder.tables import read_table
from targeting.workspace.destinations import ColumnForm, CsvForm, Destination
from targeting.workspace.forms import read_form
from targeting.workspace.yaml import read_yaml

_PLAIN = Destination(columns=({CUSTOMER: ColumnForm(field=CUSTOMER)},))
_PARTS = re.compile(r"(?:DRAFT_)?(?P<slug>.*?)(?:\.(?P<part>\d+))?\.(?P<form>csv|xlsx)")
_REFUSED = "contacts/refused_by_destination.csv"


@dataclass(frozen=True)
class Lists:
    """The lists of one run, by the destinations that it was made with."""

    folder: Path
    destinations: Mapping[str, Destination]
    selected: pl.DataFrame | None  # of the run's decisions; None where they cannot be read

    @staticmethod
    def of(folder: Path) -> Lists:
        """Read the destinations that a run kept among its inputs."""
        found = {CONTACT_LIST: _PLAIN}
        for path in sorted((folder / "inputs" / "exports").glob("*.yaml")):
            file, _ = read_yaml(path, path.name)
            form = None if file.broken else read_form(file, Destination)[0]
            if form is not None:
                found[path.stem] = form
        return Lists(folder, found, _selected(folder))

    def is_list(self, name: str) -> bool:
        """Say whether a file of the run is a list of contacts."""
        return _destination(name) is not None

    def may_name(self, name: str, customer: str) -> bool:
        """Say whether a customer was selected by the rule of a list, so that it must be read."""
        if self.selected is None:
            return True
        own = pl.col(CUSTOMER) == customer, pl.col(RULE) == Path(name).parent.name
        return not self.selected.filter(*own).is_empty()

    def form(self, name: str) -> CsvForm:
        """Say how a CSV file is spelled."""
        wanted = self.destinations.get(_destination(name) or "")
        return wanted.csv if wanted is not None else CsvForm()

    def id_columns(self, name: str, frame: pl.DataFrame) -> list[str]:
        """Name the columns of a file that hold customers' ids."""
        wanted = self.destinations.get(_destination(name) or "")
        headers = {} if wanted is None else wanted.headers
        own = {header for header, form in headers.items() if form.field in (CUSTOMER, PERSON)}
        shown = own | {f"'{header}" for header in own}
        return [column for column in frame.columns if column in shown | {CUSTOMER}]

    def by_place(self, name: str, rows: int, customer: str) -> pl.Series:
        """Find a customer in a list that names nobody: by where the run's decisions put them.

        Nowhere, where the list has not as many rows as were decided, or they were not selected.
        """
        gone = pl.repeat(value=False, n=rows, dtype=pl.Boolean, eager=True)
        destination, path = _destination(name), Path(name)
        found = _PARTS.fullmatch(path.name)
        if destination not in self.destinations or found is None or self.selected is None:
            return gone
        members = self._members(str(destination), path.parent.name, found["slug"], self.selected)
        before, total = self._around(path, found["slug"], found["part"], found["form"])
        seeds = total + rows - members.len()  # they end a list, as many as had an address for it
        most = len(self.destinations[str(destination)].seeds)
        if not 0 <= seeds <= most or not (members == customer).any():
            return gone
        at = int((members == customer).arg_max() or 0) - before
        return gone.scatter(at, True) if 0 <= at < rows else gone

    def _members(self, destination: str, rule: str, slug: str, selected: pl.DataFrame) -> pl.Series:
        only = self.destinations[destination].only
        wanted = {CHANNEL: only.channel, RULE: only.rule, "kind": only.kind}
        tests = [pl.col(column).is_in(list(words)) for column, words in wanted.items() if words]
        chosen = selected.filter(pl.col(RULE) == rule, *tests)
        mine = [s for s in chosen[SEGMENT].unique() if file_slug(s) == slug]
        chosen = chosen.filter(pl.col(SEGMENT).is_in(mine, nulls_equal=True))
        refused = self.folder / _REFUSED
        if refused.is_file():
            rows = read_table(refused, CsvForm()).frame
            rows = rows.filter(pl.col("destination") == destination, pl.col(RULE) == rule)
            chosen = chosen.filter(~pl.col(CUSTOMER).is_in(rows[CUSTOMER].implode()))
        return chosen[CUSTOMER].sort()

    def _around(self, path: Path, slug: str, part: str | None, form: str) -> tuple[int, int]:
        """Count the rows of a split list's other parts: before this one, and in all of them."""
        if part is None:
            return 0, 0
        draft = "DRAFT_" if path.name.startswith("DRAFT_") else ""
        before = total = 0
        for other in (self.folder / path.parent).glob(f"{draft}*.{form}"):
            found = _PARTS.fullmatch(other.name)
            if found and found["slug"] == slug and found["part"] and found["part"] != part:
                rows = read_table(other, self.form(path.as_posix())).frame.height
                total += rows
                before += rows if int(found["part"]) < int(part) else 0
        return before, total


def _destination(name: str) -> str | None:
    """Say whose list a file of a run is: contacts/RULE/FILE or exports/NAME/RULE/FILE."""
    match name.split("/"):
        case ["contacts", _, _]:
            return CONTACT_LIST
        case ["exports", destination, _, _]:
            return destination
    return None


def _selected(folder: Path) -> pl.DataFrame | None:
    columns = (CUSTOMER, RULE, "kind", SEGMENT, CHANNEL)
    try:
        decisions = pl.scan_parquet(folder / "decisions.parquet", glob=False)
        return decisions.filter(pl.col(OUTCOME) == SELECTED).select(columns).collect()
    except (OSError, pl.exceptions.PolarsError):
        return None
