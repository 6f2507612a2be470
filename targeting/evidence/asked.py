"""What a run left about the customers who are asked for, and about their persons: read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from targeting.evidence.permitted import Row
from targeting.evidence.queue import Queue, queue_of
from targeting.evidence.read_run import RunFolder
from targeting.frames import CUSTOMER, PERSON
from targeting.rules.model import Rule


@dataclass
class Asked:
    """What the run left about the customers asked for, and about their persons."""

    run: RunFolder
    ids: Sequence[str]
    _queues: dict[str, Queue | None] = field(default_factory=dict)

    @cached_property
    def saved(self) -> pl.DataFrame:
        """The customers' own rows, as saved."""
        mine = pl.col(CUSTOMER).is_in(list(self.ids))
        return self.run.customers.filter(mine).collect()

    @cached_property
    def rows(self) -> Mapping[str, Row]:
        """The same by id."""
        return _by_id(self.saved)

    @cached_property
    def state(self) -> Mapping[str, Row]:
        """Policy state of all ids of the persons."""
        mine = self.run.state.filter(pl.col(CUSTOMER).is_in(list(self.ids))).select(PERSON)
        return _by_id(self.run.state.join(mine.unique(), on=PERSON, how="semi").collect())

    @cached_property
    def members(self) -> Mapping[str, list[str]]:
        """All ids by person."""
        found = defaultdict(list)
        for name, row in self.state.items():
            found[str(row[PERSON])].append(name)
        return found

    @cached_property
    def decisions(self) -> Mapping[str, list[Row]]:
        """All decisions of the persons, by customer."""
        mine = pl.col(CUSTOMER).is_in(list(self.state))
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.run.decisions.filter(mine).collect().iter_rows(named=True):
            found[str(row[CUSTOMER])].append(row)
        return found

    def queue(self, rule: Rule) -> Queue | None:
        """The queue of a rule, ordered when somebody of it is asked for."""
        if rule.name not in self._queues:
            self._queues[rule.name] = queue_of(rule, self.run)
        return self._queues[rule.name]


def _by_id(frame: pl.DataFrame) -> dict[str, Row]:
    return {str(row[CUSTOMER]): row for row in frame.iter_rows(named=True)}
