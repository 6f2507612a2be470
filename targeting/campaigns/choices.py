"""What each person would get at given prices: the best of their own candidates.

A person's limits count one channel or all of them, so they are laminar, and the greedy choice is
the best (Edmonds 1971, Matroids and the greedy algorithm, Mathematical Programming 1, 127-136).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from targeting.campaigns.candidates import Candidates, Own
from targeting.campaigns.permission import Flags, Integers

_AT_ONCE = 1 << 18  # candidates looked at together: they fit into the processor's cache
GROUPS = 8  # persons are summed up in so many groups, each with its own cuts (prices.py)


@dataclass(frozen=True)
class Block:
    """Persons with equally many candidates: one column a person, one row a candidate, by rule."""

    person: Integers
    place: npt.NDArray[np.int32]  # among the candidates
    worth: Integers
    cell: npt.NDArray[np.int32]  # rule x channels + channel
    channel: npt.NDArray[np.uint8]
    group: Integers  # by person
    by_channel: Integers
    in_all: Integers

    def columns(self, kept: Flags) -> Block:
        """Keep some of the persons."""
        return Block(
            person=self.person[kept],
            place=self.place[:, kept],
            worth=self.worth[:, kept],
            cell=self.cell[:, kept],
            channel=self.channel[:, kept],
            group=self.group[kept],
            by_channel=self.by_channel[:, kept],
            in_all=self.in_all[kept],
        )

    def chosen(self, prices: Integers) -> tuple[Integers, Flags]:
        """Give the reduced worth at prices by cell, and who is chosen."""
        reduced: Integers = self.worth - prices[self.cell]
        return reduced, self._best(reduced)

    def _best(self, reduced: Integers) -> Flags:
        waiting = np.maximum(reduced, 0)
        taken = np.zeros(reduced.shape, dtype=np.bool_)
        by_channel, in_all = self.by_channel.copy(), self.in_all.copy()
        person = np.arange(self.person.size)
        waiting[:, in_all <= 0] = 0
        for _ in range(reduced.shape[0]):
            best = waiting.argmax(axis=0)
            wanted = waiting[best, person] > 0
            if not wanted.any():
                break
            channel = self.channel[best, person]
            fits = wanted & (by_channel[channel, person] > 0)
            taken[best, person] |= fits
            by_channel[channel, person] -= fits
            in_all -= fits
            waiting[best, person] = 0
            waiting[:, np.flatnonzero(fits & (in_all <= 0))] = 0
        return taken


@dataclass(frozen=True)
class Chosen:
    """What all persons would get at given prices, by group of persons."""

    reduced: int  # the sum of reduced worth
    worth: Integers  # by group
    counts: Integers  # by group, and pair of rule and channel


def choose(blocks: Sequence[Block], prices: Integers) -> Chosen:
    """Sum up what each person would get at the prices of rules and channels."""
    counts = np.zeros(GROUPS * prices.size, dtype=np.int64)
    worth = np.zeros(GROUPS, dtype=np.int64)
    total = 0
    for block in blocks:
        reduced, taken = block.chosen(prices)
        total += int(reduced[taken].sum())
        row, column = np.nonzero(taken)
        cell = block.group[column] * prices.size + block.cell[row, column]
        counts += np.bincount(cell, minlength=counts.size)
        np.add.at(worth, block.group, (block.worth * taken).sum(axis=0))
    return Chosen(total, worth, counts.reshape(GROUPS, prices.size))


def lay_out(who: Candidates, own: Own, rules: int) -> list[Block]:
    """Put candidates into blocks; persons of one block by number, their candidates by rule."""
    persons = own.in_all.size
    many = np.bincount(who.person, minlength=persons)
    key = (many[who.person] * np.int64(persons) + who.person) * rules + who.rule
    order = np.argsort(key).astype(np.int32)
    del key
    sizes = np.bincount(many[many > 0], minlength=1) * np.arange(int(many.max(initial=0)) + 1)
    ends = np.cumsum(sizes)
    found: list[Block] = []
    for rows in np.flatnonzero(sizes):
        part = order[ends[rows] - sizes[rows] : ends[rows]].reshape(-1, rows)
        found += _blocks(who, own, part)
    return found


def _blocks(who: Candidates, own: Own, places: npt.NDArray[np.int32]) -> Iterator[Block]:
    columns = max(1, _AT_ONCE // places.shape[1])
    for start in range(0, places.shape[0], columns):
        part = np.ascontiguousarray(places[start : start + columns].T)
        person = who.person[part[0]]
        channel = who.channel[part]
        yield Block(
            person=person,
            place=part,
            worth=who.worth[part],
            cell=(who.rule[part] * own.by_channel.shape[0] + channel).astype(np.int32),
            channel=channel,
            group=(mixed(who.tie[part[0]]) % GROUPS).astype(np.int64),
            by_channel=own.by_channel[:, person],
            in_all=own.in_all[person],
        )


def mixed(tie: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Stir a tie into evenly spread bits (the finaliser of SplitMix64: Steele and others 2014)."""
    z = tie + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))
