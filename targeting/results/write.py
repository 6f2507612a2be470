"""Everything a run leaves, file by file (docs/files.md)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from targeting.campaigns.decide import Decided
from targeting.campaigns.state import whole_state
from targeting.customers.held import Rows, Shelf
from targeting.exports.suggestions import write_suggestions
from targeting.exports.verify import verify
from targeting.exports.workbook import suggestion_csv, write_workbook
from targeting.frames import CUSTOMER, PLACE
from targeting.intake.read import Read
from targeting.orders.lines import FILE as LINES_FILE
from targeting.orders.lines import kept_lines
from targeting.problems import Problem
from targeting.report.numbers import Night, analysis
from targeting.report.page import write_report
from targeting.report.rule_facts import rule_facts
from targeting.report.sales import Trade
from targeting.report.svg import undrawn
from targeting.report.tree_figures import tree_figures
from targeting.results.lists import write_lists
from targeting.results.manifest import manifest
from targeting.results.shown import in_words, shown
from targeting.rules.model import Rule
from targeting.run_folder.write import (
    MANIFEST,
    copy_inputs,
    listing,
    write_csv,
    write_json,
    write_parquet,
)
from targeting.scoring.regression import linear_regression
from targeting.scoring.saved import Fitted
from targeting.scoring.score import Scored
from targeting.stock.suggest import Suggestions
from targeting.workspace.load import Workspace

TIMINGS = "timings.json"

_T = TypeVar("_T")


@dataclass(frozen=True)
class Results:
    """What the steps of a run gave."""

    workspace: Workspace
    rules: tuple[Rule, ...]
    files: tuple[str, ...]
    run_id: str
    draft: bool
    read: Read
    trade: Trade
    scored: Scored
    fitted: Fitted
    decided: Decided
    funnel: pl.DataFrame
    summary: pl.DataFrame
    reached: Mapping[str, int]  # by rule that is active: whom it speaks of
    suggestions: Suggestions
    overrides: pl.DataFrame  # of past orders: what planners changed, and who was right
    accepted: tuple[str, ...]
    warnings: tuple[Problem, ...]
    shelf: Shelf  # where customers are held
    forgotten: int = 0  # customers of the sources who were forgotten, and dropped

    @property
    def contact_rules(self) -> tuple[Rule, ...]:
        """The rules that end in a contact."""
        return tuple(rule for rule in self.rules if rule.kind != "inventory")

    @property
    def customers(self) -> Rows:
        """Tonight's customers with all fields."""
        return self.scored.customers

    @cached_property
    def digits(self) -> int:
        """Decimals of the shop's money."""
        return self.workspace.settings.shop.minor_digits


def write_results(
    folder: Path, results: Results, timings: Callable[[], Any]
) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Write a run into an empty folder; give its manifest, and what to be warned of."""
    rows: dict[str, int] = {}
    with _beside(results) as start:
        figured = start(lambda: _write_figures(folder, results))
        overlong = write_lists(folder, results, rows)
        night, figures, others = figured()
    results = replace(results, warnings=(*results.warnings, *overlong, *undrawn()))
    rows |= others
    copy_inputs(results.workspace.folder, results.files, folder)
    described: dict[str, Any] = manifest(results)
    night = replace(night, manifest=described, problems=results.warnings)
    unprinted = write_report(folder / "report.html", night, figures)
    write_json(folder / TIMINGS, timings())
    described["outputs"] = listing(folder, rows, without=(MANIFEST, TIMINGS))
    write_json(folder / MANIFEST, described)
    return described, (*results.warnings, *unprinted)


@contextlib.contextmanager
def _beside(results: Results) -> Iterator[Callable[[Callable[[], _T]], Callable[[], _T]]]:
    """Start work that is done beside what follows; where memory is short, after it."""
    if results.read.spilled is not None:
        yield lambda work: work
        return
    with ThreadPoolExecutor(1) as pool:
        yield lambda work: pool.submit(work).result


def _write_figures(
    folder: Path, results: Results
) -> tuple[Night, dict[str, object], dict[str, int]]:
    """Write all but lists and report; give what the report reads, and the rows of each file."""
    rows: dict[str, int] = {}
    _write_suggestions(folder, results, rows)
    _write_frames(folder, results, rows)
    night = _night(results, manifest(results))
    figures = analysis(night)
    write_json(folder / "analysis.json", figures)
    return night, figures, rows


def _write_suggestions(folder: Path, results: Results, rows: dict[str, int]) -> None:
    tables = suggestion_csv(results.suggestions, results.digits)
    tables |= _suggestion_lists(folder, tables["suggestions"], results, rows)
    for name, table in tables.items():
        path = f"stock/{name}.csv"
        write_csv(folder / path, table)
        rows[path] = table.height
    kept = kept_lines(results.suggestions, results.digits)
    write_parquet(folder / LINES_FILE, kept.lazy())
    rows[LINES_FILE] = kept.height
    settings = results.workspace.settings
    path = "stock/suggestions.xlsx"
    rows[path] = write_workbook(
        folder / path,
        results.suggestions,
        shop=settings.shop,
        as_of=results.read.as_of,
        run_id=results.run_id,
        budget=settings.ordering.budget,
    )


def _suggestion_lists(
    folder: Path, lines: pl.DataFrame, results: Results, rows: dict[str, int]
) -> dict[str, pl.DataFrame]:
    """Write what destinations want of the suggestions; give the lines that one of them refused."""
    shop, destinations = results.workspace.settings.shop, results.workspace.destinations
    written, refused = write_suggestions(
        folder, lines, destinations, shop=shop, draft=results.draft
    )
    verify(folder, written, destinations)
    rows |= {file.path: file.rows for file in written}
    return {"refused_by_destination": refused} if refused.height else {}


def _write_frames(folder: Path, results: Results, rows: dict[str, int]) -> None:
    fields = results.workspace.customer_fields
    customers = shown(results.customers.lazy(), fields, results.digits)
    write_parquet(folder / "customers.parquet", customers)
    rows["customers.parquet"] = results.customers.height
    decisions = results.decided.decisions.drop(PLACE)
    judged = results.fitted.judged.sort("name", "cut_off", CUSTOMER)
    for name, height, frame in (
        ("decisions", decisions.height, decisions.lazy()),
        ("scores", judged.height, judged.lazy()),
        ("policy_state", results.customers.height, whole_state(results.decided.state)),
    ):
        write_parquet(folder / f"{name}.parquet", in_words(frame))
        rows[f"{name}.parquet"] = height
    tables = {"rejects.csv": results.read.rejects}
    if results.scored.changes is not None:
        tables["segment_changes.csv"] = results.scored.changes.rows
    for name, table in tables.items():
        write_csv(folder / name, table)
        rows[name] = table.height


def _night(results: Results, described: Mapping[str, Any]) -> Night:
    workspace = results.workspace
    regression = None
    if workspace.scores is not None and workspace.scores.compare.linear_regression is not None:
        form = workspace.scores.compare.linear_regression
        regression = linear_regression(results.customers, form, workspace.policy.key)
    suggestions = results.suggestions
    return Night(
        shop=workspace.settings.shop,
        run_id=results.run_id,
        as_of=results.read.as_of,
        draft=results.draft,
        manifest=described,
        catalogue=workspace.customer_fields,
        customers=results.customers,
        trade=results.trade,
        decisions=results.decided.decisions.drop(CUSTOMER, "cost"),
        funnel=results.funnel,
        summary=_in_minor_units(results.summary, results.digits, "planned_cost", "real_cost"),
        rules=[rule_facts(rule, results.read.as_of) for rule in results.rules],
        suggestions={
            "lines": suggestions.lines,
            "workings": suggestions.workings,
            "campaigns": suggestions.campaigns,
            "forecast_check": suggestions.forecast_check,
            "overrides": results.overrides,
            "by_category": suggestions.by_category,
            "by_segment": suggestions.by_segment,
            "segment_demand": suggestions.segment_demand,
            "transfers": suggestions.transfers,
            "data_problems": suggestions.data_problems,
        },
        linear_regression=regression,
        problems=results.warnings,
        trees=tree_figures(
            results.fitted.models.likelihoods,
            results.scored.entered,
            workspace.customer_fields,
            workspace.settings.shop,
        ),
        persons=pl.Series(results.decided.persons.number),
    )


def _in_minor_units(frame: pl.DataFrame, digits: int, *money: str) -> pl.DataFrame:
    """Bring costs to the unit in which the report expects all money."""
    return frame.with_columns(pl.col(name) * 10**digits for name in money)
