"""Customers of two runs side by side, row by row, with the old values put in step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from targeting.campaigns.past import ANY
from targeting.campaigns.state import COOLING, limit_name
from targeting.evidence.read_run import RunFolder
from targeting.frames import CUSTOMER, PERSON
from targeting.rules.match import match
from targeting.rules.model import Rule, fields_read
from targeting.workspace.policy import Policy

_THERE = "/there"


@dataclass(frozen=True)
class Sides:
    """The customers asked for in two runs, in one order; who was not there has missing values.

    Parameters:
        ids: customer_id.
        was, is_now: whether the customer was in the run before, and is in the one after.
        old: as before; a field that the run before had not, or of another type, as after.
        mixed: as after, but segments and likelihoods as before.
        new: as after. All three with money in minor units of the run after.
    """

    before: RunFolder
    after: RunFolder
    ids: pl.Series
    was: pl.Series
    is_now: pl.Series
    old: pl.DataFrame
    mixed: pl.DataFrame
    new: pl.DataFrame

    def eligible(self, rules: Sequence[Rule]) -> dict[str, pl.DataFrame]:
        """Say who meets the new rules after each step: rules, then data, then scores.

        One yes/no column a rule; who is not there, or on a day without the rule, does not.
        """
        steps = {
            "rules": (self.old, self.before, self.was),
            "data": (self.mixed, self.after, self.is_now),
            "scores": (self.new, self.after, self.is_now),
        }
        return {
            name: self._met(frame, rules, run, there) for name, (frame, run, there) in steps.items()
        }

    def permitted(self, rules: Sequence[Rule]) -> dict[str, pl.DataFrame]:
        """Say for whom a channel of the new rules was open: before, and after."""
        return {
            "before": self._open(rules, self.state_before),
            "after": self._open(rules, self.state_after),
        }

    @cached_property
    def state_before(self) -> pl.DataFrame:
        """By channel the reason that stood against it (`CHANNEL/RULE` where a rule rests).

        Who or what was not there before is as after.
        """
        own, other = _reasons(self.before, self.ids), self.state_after
        return other.with_columns(
            pl.when(self.was).then(own[name]).otherwise(pl.col(name)).alias(name)
            for name in other.columns
            if name in own.columns
        )

    @cached_property
    def state_after(self) -> pl.DataFrame:
        """The same after."""
        return _reasons(self.after, self.ids)

    def _met(
        self, frame: pl.DataFrame, rules: Sequence[Rule], run: RunFolder, there: pl.Series
    ) -> pl.DataFrame:
        met = match(frame.lazy(), rules, run.as_of, self.after.minor).collect()
        return met.select(
            (pl.col(rule.name) & there & rule.is_active(run.as_of)).alias(rule.name)
            for rule in rules
        )

    def _open(self, rules: Sequence[Rule], state: pl.DataFrame) -> pl.DataFrame:
        return state.select(
            pl.any_horizontal(against(rule, name) == "" for name in rule.contact.channels).alias(
                rule.name
            )
            for rule in rules
        )


def beside(before: RunFolder, after: RunFolder, ids: pl.Series, rules: Sequence[Rule]) -> Sides:
    """Put the rows of customers in two runs side by side, with the fields that rules read."""
    wanted = {name for rule in rules for line in rule.lines() for name in _fields(line.condition)}
    one, other = (_aligned(run, ids, wanted, after) for run in (before, after))
    was, is_now = one[_THERE], other[_THERE]
    kept = [name for name in other.columns if name in one.columns and _alike(one, other, name)]
    old = other.with_columns(one[name].alias(name) for name in kept)
    gone = [name for name in one.columns if name not in other.columns]
    old, new = (frame.with_columns(one[name] for name in gone) for frame in (old, other))
    scores = [name for name in after.score_fields if name in kept]
    mixed = new.with_columns(
        pl.when(was).then(one[name]).otherwise(other[name]).alias(name) for name in scores
    )
    return Sides(before, after, ids, was, is_now, old, mixed, new)


def against(rule: Rule, channel: str) -> pl.Expr:
    """Give the first reason against a channel for a rule, in a frame of `Sides.state_after`."""
    standing = pl.col(f"permission/{channel}")
    return (
        pl.when(standing != "")
        .then(standing)
        .when(pl.col(COOLING).list.contains(rule.name))
        .then(pl.lit("cooldown"))
        .when(pl.col(f"full/{channel}"))
        .then(pl.lit("contact_limit"))
        .otherwise(pl.lit(""))
    )


def _fields(condition: object) -> list[str]:
    return list(fields_read((condition,)))  # type: ignore[arg-type]


def _aligned(run: RunFolder, ids: pl.Series, wanted: set[str], after: RunFolder) -> pl.DataFrame:
    have = run.customers.collect_schema().names()
    columns = sorted({CUSTOMER, *wanted} & set(have))
    rows = after.in_minor_units(run.customers.select(columns)).with_columns(
        pl.lit(value=True).alias(_THERE)
    )
    joined = (
        ids.to_frame(CUSTOMER).lazy().join(rows, on=CUSTOMER, how="left", maintain_order="left")
    )
    return joined.with_columns(pl.col(_THERE).fill_null(value=False)).collect()


def _alike(one: pl.DataFrame, other: pl.DataFrame, name: str) -> bool:
    before, after = one.schema[name], other.schema[name]
    return before == after or (before.is_numeric() and after.is_numeric())


def _reasons(run: RunFolder, ids: pl.Series) -> pl.DataFrame:
    """Give person, permission/CHANNEL, full/CHANNEL and cooling; missing for who is not there."""
    columns = [pl.col(PERSON), pl.col(COOLING)]
    for name in run.policy.channels:
        columns.append(pl.col(f"permission_{name}").alias(f"permission/{name}"))
        columns.append(_full(name, run.policy).alias(f"full/{name}"))
    rows = run.state.select(CUSTOMER, *columns)
    joined = (
        ids.to_frame(CUSTOMER).lazy().join(rows, on=CUSTOMER, how="left", maintain_order="left")
    )
    return joined.collect()


def _full(channel: str, policy: Policy) -> pl.Expr:
    full = [
        pl.col(limit_name(limit)) >= limit.at_most
        for limit in policy.contact_limits
        if limit.channel in (ANY, channel)
    ]
    return pl.any_horizontal(pl.lit(value=False), *full)
