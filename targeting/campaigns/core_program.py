"""The integer program of a core, as HiGHS reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from targeting.campaigns.candidates import Candidates, Own, Room
from targeting.campaigns.permission import Integers

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult
    from scipy.sparse import csr_array

Floats = npt.NDArray[np.float64]
_MOST_NODES = 1_000  # of a search, so that a night ends
_LARGEST = 1e6  # worth is scaled to it: HiGHS's tolerances are absolute


@dataclass(frozen=True)
class CoreProgram:
    """Columns are candidates, then counts by rule and channel; rows are limits that can bind."""

    gain: Floats  # by column, to be made greatest
    scale: float  # gain = worth x scale
    use: csr_array
    most: Floats
    count: csr_array  # ties counts to candidates: 0 in each row
    candidates: int

    def whole(self) -> OptimizeResult:
        """Choose the best whole counts; candidates may be split."""
        highest = np.full(self.counts, np.inf)
        return self._solve(np.zeros(self.counts), highest, np.ones(self.counts))

    def corner(self, found: Floats) -> Floats:
        """Give a corner of the program with the counts found: no candidate is split there."""
        counts = np.rint(found[self.candidates :])
        solved = self._solve(counts, counts, np.zeros(self.counts))
        return self.one_by_one(found if solved.x is None else solved.x)

    @property
    def counts(self) -> int:
        """How many columns are counts."""
        return self.gain.size - self.candidates

    def _solve(self, least: Floats, most: Floats, whole: Floats) -> OptimizeResult:
        from scipy.optimize import Bounds, LinearConstraint, milp

        none, one = np.zeros(self.candidates), np.ones(self.candidates)
        limits = [LinearConstraint(self.count, 0, 0)]
        if self.most.size:
            limits.append(LinearConstraint(self.use, ub=self.most))
        return milp(
            -self.gain,
            integrality=np.concatenate([none, whole]),
            bounds=Bounds(np.concatenate([none, least]), np.concatenate([one, most])),
            constraints=limits,
            options={"mip_rel_gap": 0.0, "node_limit": _MOST_NODES},
        )

    def one_by_one(self, found: Floats) -> Floats:
        """Keep the columns of candidates."""
        return found[: self.candidates]

    def bound(self, found: OptimizeResult) -> int:
        """Bring the search's bound to millionths, rounded up."""
        return int(np.ceil(-found.mip_dual_bound / self.scale))


def core_program(some: Candidates, own: Own, room: Room) -> CoreProgram:
    """Lay out a core."""
    from scipy.sparse import csr_array

    number = some.person.size
    rows, columns, use, most = _limits(some, own, room)
    cells, cell = np.unique(some.cell(room.channel.size), return_inverse=True)
    width = number + cells.size
    here = np.concatenate([cell, np.arange(cells.size)])
    one = np.repeat([1.0, -1.0], [number, cells.size])
    scale = _LARGEST / float(some.worth.max())
    return CoreProgram(
        gain=np.concatenate([some.worth * scale, np.zeros(cells.size)]),
        scale=scale,
        use=csr_array((use, (rows, columns)), shape=(most.size, width)),
        most=most,
        count=csr_array((one, (here, np.arange(width))), shape=(cells.size, width)),
        candidates=number,
    )


def _limits(some: Candidates, own: Own, room: Room) -> tuple[Integers, Integers, Floats, Floats]:
    """Lay out the limits that can bind: row, column, use; and by row the most."""
    number, channels = some.person.size, room.channel.size
    cells = np.unique(some.cell(channels))
    at_cell = np.arange(number, number + cells.size)
    rule, channel = np.divmod(cells, channels)
    unit = max(int(np.gcd.reduce(room.costs)), 1)
    one = np.ones(number, dtype=np.int64)
    many = np.bincount(some.cell(channels), minlength=int(cells.max()) + 1)[cells]
    cost = room.costs[channel] // unit
    persons = np.int64(own.in_all.size)
    every = np.arange(number)
    none = np.zeros_like(cells)
    whole = np.array([room.budget // unit])
    parts = [
        _rows(some.channel * persons + some.person, every, one, one, own.by_channel.ravel()),
        _rows(some.person, every, one, one, own.in_all),
        _rows(rule, at_cell, np.ones_like(cells), many, room.rule),
        _rows(channel, at_cell, np.ones_like(cells), many, room.channel),
        _rows(rule, at_cell, cost, cost * many, room.rule_budget // unit),
        _rows(none, at_cell, cost, cost * many, whole),
    ]
    starts = np.cumsum([0, *(part[3].size for part in parts)])
    rows = np.concatenate([part[0] + start for part, start in zip(parts, starts, strict=False)])
    columns, use, most = (np.concatenate([part[i] for part in parts]) for i in (1, 2, 3))
    return rows, columns, use.astype(np.float64), most.astype(np.float64)


def _rows(
    group: Integers, column: Integers, use: Integers, greatest: Integers, most: Integers
) -> tuple[Integers, Integers, Integers, Integers]:
    """Make one row of each group that could pass its most if all its columns were greatest."""
    total = np.zeros(most.size, dtype=np.int64)
    np.add.at(total, group, greatest)
    binds = total > most
    some = np.flatnonzero(binds[group] & (use > 0))
    rows = (np.cumsum(binds) - 1)[group[some]]
    return rows, column[some], use[some], most[binds]
