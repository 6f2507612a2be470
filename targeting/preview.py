"""What rules would do to the customers of the last run, before anything is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from targeting.exports.recipients import CUSTOMERS
from targeting.frames import CUSTOMER, SEGMENT
from targeting.problems import Place, refuse
from targeting.rules.match import funnel, match
from targeting.rules.model import Condition, Rule, fields_read
from targeting.run_folder.write import latest, read_manifest
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.load import Workspace


@dataclass(frozen=True)
class Preview:
    """One rule on the data: its funnel, its customers by segment, and whom other rules want too."""

    rule: Rule
    funnel: pl.DataFrame  # step, line, left, lost, lost_missing
    segments: pl.DataFrame  # segment, customers
    overlaps: pl.DataFrame  # rule, customers


@dataclass(frozen=True)
class Scored:
    """The scored customers that a preview looks at, and where they come from."""

    customers: pl.LazyFrame  # money in minor units
    as_of: dt.date
    folder: Path

    @property
    def run(self) -> str:
        """The run's name."""
        return self.folder.name


def last_scored(out: Path, workspace: Workspace) -> Scored:
    """Find the customers of the last published run.

    Raises:
        Refused: where there is no run yet.
    """
    folder = latest(out)
    if folder is None:
        message = "there is no run to look at yet"
        raise refuse("W002", message, Place(str(out)), "make one: targeting run")
    manifest = read_manifest(folder)
    fields = workspace.customer_fields
    customers = pl.scan_parquet(folder / CUSTOMERS)
    digits = workspace.settings.shop.minor_digits
    as_of = dt.date.fromisoformat(str(manifest["as_of"]))
    return Scored(_in_minor_units(customers, fields, digits), as_of, folder)


def preview(
    scored: Scored, rules: Sequence[Rule], chosen: Sequence[Rule], minor: int
) -> list[Preview]:
    """Match rules line by line; policy, settling and holdouts, which come after, are left out.

    Raises:
        Refused: where the last run has not computed a field that a rule reads.
    """
    have = scored.customers.collect_schema().names()
    for rule in chosen:
        _has_fields(rule, have)
    known = known_rules(rules, scored)
    frame = rows_for(known, scored)
    met = match(frame.lazy(), known, scored.as_of, minor).collect()
    return [_preview(rule, frame, met, scored.as_of, minor) for rule in chosen]


def meeting(scored: Scored, rule: Rule, minor: int) -> pl.DataFrame:
    """Give customer_id, and segment where there are any, of those who meet a rule.

    Raises:
        Refused: where the last run has not computed a field that the rule reads.
    """
    _has_fields(rule, scored.customers.collect_schema().names())
    frame = rows_for([rule], scored)
    met = match(frame.lazy(), [rule], scored.as_of, minor).collect()[rule.name]
    return frame.filter(met)


def known_rules(rules: Sequence[Rule], scored: Scored) -> list[Rule]:
    """Keep the rules whose every field the last run has computed."""
    have = scored.customers.collect_schema().names()
    return [rule for rule in rules if _missing_field(rule, have) is None]


def rows_for(rules: Sequence[Rule], scored: Scored) -> pl.DataFrame:
    """Read the customers with the columns that rules need, and no others."""
    have = set(scored.customers.collect_schema().names())
    columns = {name for rule in rules for name in fields_read(_conditions(rule))}
    return scored.customers.select(sorted({*columns, SEGMENT, CUSTOMER} & have)).collect()


def _preview(
    rule: Rule,
    frame: pl.DataFrame,
    met: pl.DataFrame,
    as_of: dt.date,
    minor: int,
) -> Preview:
    mine = met[rule.name]
    segment = frame[SEGMENT] if SEGMENT in frame.columns else pl.Series([None] * frame.height)
    segments = pl.DataFrame({SEGMENT: segment.cast(pl.String)}).filter(mine)
    counted = segments.group_by(SEGMENT).agg(pl.len().alias("customers"))
    both = met.drop(rule.name).filter(mine).sum()
    overlaps = both.transpose(include_header=True, header_name="rule", column_names=["customers"])
    return Preview(
        rule,
        funnel([frame.lazy()], [rule], as_of, minor).drop("rule"),
        counted.sort("customers", SEGMENT, descending=[True, False]),
        overlaps.filter(pl.col("customers") > 0).sort(
            "customers", "rule", descending=[True, False]
        ),
    )


def _conditions(rule: Rule) -> tuple[Condition, ...]:
    return tuple(line.condition for line in rule.lines())


def _missing_field(rule: Rule, have: Sequence[str]) -> str | None:
    return next((name for name in fields_read(_conditions(rule)) if name not in have), None)


def _has_fields(rule: Rule, have: Sequence[str]) -> None:
    missing = _missing_field(rule, have)
    if missing is not None:
        message = f"the last run has no '{missing}', which this rule reads"
        raise refuse("W003", message, rule.place, "run once more: targeting run")


def _in_minor_units(customers: pl.LazyFrame, fields: Catalogue, digits: int) -> pl.LazyFrame:
    """Turn what `results.shown` shows back into what rules compare."""
    have = customers.collect_schema().names()
    money = [name for name in have if name in fields and fields[name].type == "money"]
    return customers.with_columns((pl.col(name) * 10**digits).round(4) for name in money)
