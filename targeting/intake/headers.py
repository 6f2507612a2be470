"""Which column of a file is which of ours: the map, the nearest name, names alike."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from targeting.problems import Place, Problem, did_you_mean, listed
from targeting.workspace.columns import SOURCE_COLUMNS, SourceName
from targeting.workspace.load import Workspace

# A row of these is of no use without one of the columns named.
ONE_OF: dict[SourceName, tuple[str, ...]] = {
    "purchases": ("amount", "unit_price"),
    "suppressions": tuple(SOURCE_COLUMNS["suppressions"]),
    "responses": ("customer_id", "email"),
}


def tidy(header: str) -> str:
    """Write a header one way: NFC, without blanks or a byte order mark around it."""
    return unicodedata.normalize("NFC", header).strip().strip("\ufeff").strip()


@dataclass(frozen=True)
class Sought:
    """The columns that one source is read for."""

    workspace: Workspace
    source: SourceName

    @property
    def theirs(self) -> dict[str, str]:
        """Give the map from our names to theirs; without one theirs have our names already."""
        columns = self.workspace.settings.sources[self.source].columns
        if columns is not None:
            return columns
        known = [*SOURCE_COLUMNS[self.source], *self.workspace.settings.fields]
        return {name: name for name in known}

    @property
    def mapped(self) -> bool:
        """Say whether the user wrote the map; then each of its columns must exist."""
        return self.workspace.settings.sources[self.source].columns is not None

    def seen_in(self, headers: Sequence[str]) -> int:
        """Count the sought columns that a header has, to tell one delimiter from another."""
        return sum(bool(_positions(name, headers)) for name in self.theirs.values())

    def all_in(self, headers: Sequence[str]) -> bool:
        """Say whether a header has every column that it must have."""
        needed = self.theirs.values() if self.mapped else self._required()
        return all(_positions(name, headers) for name in needed) and self.seen_in(headers) > 0

    def find(self, headers: Sequence[str]) -> tuple[dict[str, int], list[Problem]]:
        """Give the position of each of our columns, and what is wrong with the header."""
        positions: dict[str, int] = {}
        problems: list[Problem] = []
        settled: set[str] = set()  # found, or complained of already
        for ours, name in self.theirs.items():
            at = _positions(name, headers)
            if at or self.mapped:
                settled.add(ours)
            if len(at) == 1:
                positions[ours] = at[0]
            elif at:
                problems.append(self._alike(ours, name, at))
            elif self.mapped:
                problems.append(self._missing(ours, name, headers))
        problems += self._unmapped(settled, headers)
        return positions, [*problems, *self._alike_unread(headers, set(positions.values()))]

    def _required(self) -> list[str]:
        return [
            name
            for name, column in SOURCE_COLUMNS[self.source].items()
            if column.required and name not in ONE_OF.get(self.source, ())
        ]

    def _unmapped(self, settled: set[str], headers: Sequence[str]) -> list[Problem]:
        """Name what the source cannot do without and nobody mapped."""
        place = self._place()
        problems = []
        for name in self._required():
            if name not in settled:
                near = did_you_mean(name, headers, what="the file has")
                message = f"{self.source} has no column '{name}'"
                help_ = f"add a line under columns: '{name}: …'; {near}"
                problems.append(Problem("I011", message, place, help_))
        choice = ONE_OF.get(self.source)
        if choice is not None and not settled & set(choice):
            message = f"{self.source} has none of the columns {listed(choice)}"
            help_ = f"add one under columns; the file has: {listed(headers)}"
            problems.append(Problem("I011", message, place, help_))
        return problems

    def _missing(self, ours: str, name: str, headers: Sequence[str]) -> Problem:
        near = did_you_mean(name, headers, what="the file has")
        return Problem("I011", f"the file has no column '{name}'", self._place(ours), near)

    def _alike(self, ours: str, name: str, at: Sequence[int]) -> Problem:
        which = listed([str(position + 1) for position in at])
        message = f"'{name}' is the name of {len(at)} columns: {which}"
        help_ = f"say which: '{ours}: {name} (2)' is the second of them"
        return Problem("I012", message, self._place(ours), help_)

    def _alike_unread(self, headers: Sequence[str], read: set[int]) -> list[Problem]:
        """Warn of names alike that nothing is read from; where one is read, its owner chose."""
        chosen = {headers[position] for position in read}
        return [
            Problem(
                "I102",
                f"{count} columns are called '{name}'; none of them is read",
                self._place(),
                None,
                "warning",
            )
            for name, count in Counter(headers).items()
            if count > 1 and name and name not in chosen
        ]

    def _place(self, ours: str | None = None) -> Place:
        path = ("columns", ours) if self.mapped and ours is not None else ()
        return self.workspace.place("targeting.yaml", "sources", self.source, *path)


def _positions(name: str, headers: Sequence[str]) -> list[int]:
    """Find a header; `Value (2)` is the second `Value` where no header is spelled so."""
    wanted = tidy(name)
    literal = [i for i, header in enumerate(headers) if header == wanted]
    numbered = re.fullmatch(r"(.+) \((\d{1,4})\)", wanted)
    if literal or numbered is None:
        return literal
    alike = [i for i, header in enumerate(headers) if header == numbered[1]]
    which = int(numbered[2])
    return alike[which - 1 : which] if len(alike) > 1 and which >= 1 else []
