"""The lists of a run: some rules after others, so that never all contacts are in memory at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from targeting.campaigns.contacts import chosen_by, contacts
from targeting.customers.taken import Taken, taken
from targeting.delivery.rows import write_deliveries
from targeting.exports.contacts import write_contacts
from targeting.exports.files import Written
from targeting.exports.messages import Messages
from targeting.exports.seeds import seed_rows, with_messages
from targeting.exports.verify import verify
from targeting.frames import OUTCOME, PLACE, RULE, SELECTED
from targeting.problems import Problem, Refused
from targeting.results.shown import shown
from targeting.rules.model import Rule
from targeting.run_folder.write import write_csv

if TYPE_CHECKING:
    from targeting.results.write import Results

# Contacts that are written together: with fields, message and cells each is far wider than before.
TOGETHER = 250_000


def write_lists(folder: Path, results: Results, rows: dict[str, int]) -> list[Problem]:
    """Write every list; give a warning for messages that are longer than their channel takes.

    `rows` takes the number of rows of each file.

    Raises:
        Refused: with all messages that cannot be written.
    """
    workspace, shop = results.workspace, results.workspace.settings.shop
    messages = Messages(
        workspace.folder,
        shop,
        results.read.as_of,
        fields=workspace.customer_fields,
        policy=workspace.policy,
    )
    refused: list[pl.DataFrame] = []
    overlong: list[Problem] = []
    unwritten: list[Problem] = []
    parts = [*_together(results)]
    for part in zip(parts, *_of_parts(parts, results), strict=True):
        try:
            written, refusals, warnings = _write(folder, *part, results, messages)
        except Refused as found:
            unwritten += found.problems
            continue
        rows |= {file.path: file.rows for file in written}
        refused += refusals
        overlong += warnings
    if unwritten:
        raise Refused(dict.fromkeys(unwritten))
    tables = {"summary": results.summary, "funnel": results.funnel}
    all_refused = pl.concat(refused)
    if all_refused.height:
        tables["refused_by_destination"] = all_refused
    _write_tables(folder, tables, rows)
    return list(dict.fromkeys(overlong))


def _together(results: Results) -> Iterator[Sequence[Rule]]:
    """Part the rules, by name, so that each part has few contacts, or one rule.

    What is delivered to a database is one file for all rules: then they are one part.
    """
    rules = sorted(results.contact_rules, key=lambda rule: rule.name)
    if results.workspace.deliveries:
        yield rules
        return
    chosen = results.decided.decisions.filter(pl.col(OUTCOME) == SELECTED)
    counts: Mapping[str, int] = dict(chosen.group_by(RULE).len().iter_rows())
    part: list[Rule] = []
    taken = 0
    for rule in rules:
        own = counts.get(rule.name, 0)
        if part and taken + own > TOGETHER:
            yield part
            part, taken = [], 0
        part.append(rule)
        taken += own
    yield part


def _of_parts(
    parts: Sequence[Sequence[Rule]], results: Results
) -> tuple[Iterator[Taken], Iterator[Taken]]:
    """Give those who are contacted by each part of the rules, and their addresses."""
    decided, shelf = results.decided, results.shelf
    chosen = [chosen_by(decided.decisions, rules)[PLACE] for rules in parts]
    addresses = decided.identifiers.addresses()
    return (
        taken(results.customers, chosen, shelf, "contacted"),
        taken(addresses, chosen, shelf, "addressed"),
    )


def _write(
    folder: Path,
    rules: Sequence[Rule],
    people: Taken,
    addresses: Taken,
    results: Results,
    messages: Messages,
) -> tuple[list[Written], list[pl.DataFrame], list[Problem]]:
    """Write the lists of some rules; give the files, the refused rows, and overlong messages."""
    workspace, shop = results.workspace, results.workspace.settings.shop
    fields = workspace.customer_fields
    told = contacts(
        results.decided,
        people,
        addresses,
        rules,
        workspace.policy,
        as_of=results.read.as_of,
        minor=10**results.digits,
    )
    lists = shown(told.lazy(), fields, results.digits).collect()
    fields_of = {name: channel.address for name, channel in workspace.policy.channels.items()}
    seeds = with_messages(seed_rows(lists, workspace.destinations, fields_of), messages.render)
    texts = messages.render(lists)
    overlong = messages.proofread(lists, texts)
    lists = lists.with_columns(texts)
    written, refused = write_contacts(
        folder,
        lists,
        workspace.destinations,
        shop=shop,
        texts=fields,
        draft=results.draft,
        seeds=seeds,
    )
    verify(folder, written, workspace.destinations)
    if results.draft or not workspace.deliveries:
        return written, [refused], overlong
    delivered = {name: workspace.destinations[name] for name in workspace.deliveries}
    more, refusals = write_deliveries(
        folder, lists, delivered, shop=shop, texts=fields, seeds=seeds
    )
    return [*written, *more], [refused, refusals], overlong


def _write_tables(folder: Path, tables: Mapping[str, pl.DataFrame], rows: dict[str, int]) -> None:
    for name, table in tables.items():
        path = f"contacts/{name}.csv"
        write_csv(folder / path, table)
        rows[path] = table.height
