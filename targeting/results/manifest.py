"""manifest.json: what a run read, decided and wrote, for machines."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING

import polars as pl

from targeting import __version__
from targeting.customers.held import Rows
from targeting.frames import OUTCOME, RULE, SEGMENT
from targeting.scoring.score import changed

if TYPE_CHECKING:
    from targeting.results.write import Results

_TRIED = ("segments", "stability", "silhouette", "sum_of_squares")
LIBRARIES = ("polars", "scikit-learn", "pandera", "polars-hash")


def manifest(results: Results) -> dict[str, object]:
    """Describe a run; its outputs are added when they are written."""
    read = results.read
    return {
        "run_id": results.run_id,
        "as_of": read.as_of.isoformat(),
        "dry_run": results.draft,
        "shop": results.workspace.settings.shop.name,
        "versions": {"targeting": __version__} | {name: version(name) for name in LIBRARIES},
        "inputs": [
            {
                "name": name,
                "file": counts.file,
                "rows": counts.rows,
                "used": counts.used,
                "sha256": counts.sha256,
            }
            for name, counts in read.sources.items()
        ],
        "rejected": {name: dict(counts.rejected) for name, counts in read.sources.items()},
        "set_aside": {name: counts.set_aside for name, counts in read.sources.items()},
        "emptied": {n: dict(c.emptied) for n, c in read.sources.items() if c.emptied},
        "filled": {n: dict(c.filled) for n, c in read.sources.items() if c.filled},
        "not_finite": {n: dict(c.not_finite) for n, c in read.sources.items() if c.not_finite},
        "future": {n: dict(c.future) for n, c in read.sources.items() if c.future},
        "without_customer": read.without_customer,
        "forgotten": results.forgotten,
        "customers": results.customers.height,
        "persons": results.decided.persons.count,
        "segments": _segments(results.customers),
        "segment_model": _segment_model(results),
        "models": results.fitted.digest,
        "scores": dict(results.fitted.evaluations),
        "drift": {
            name: [asdict(each) for each in found] for name, found in results.scored.drift.items()
        },
        "since_last_fit": dict(results.fitted.since_last),
        "rules": _rules(results),
        "suggestions": {
            "lines": results.suggestions.lines.height,
            "ordered": results.suggestions.lines.filter(pl.col("quantity") > 0).height,
        },
        "accepted": list(results.accepted),
        "warnings": [problem.as_dict() for problem in results.warnings],
    }


def _segments(customers: Rows) -> list[dict[str, object]]:
    if SEGMENT not in customers.columns:
        return []
    sizes = customers.select(SEGMENT).group_by(SEGMENT).agg(pl.len().alias("size")).drop_nulls()
    return [
        {"name": name, "size": size}
        for name, size in sizes.sort("size", SEGMENT, descending=[True, False]).iter_rows()
    ]


def _segment_model(results: Results) -> dict[str, object] | None:
    """Say how far the segments hold: what their fit said, and who changed in the last 30 days."""
    model = results.fitted.models.segments
    if model is None:
        return None
    changes = results.scored.changes
    return {
        "fitted_rows": model.fitted_rows,
        "stability": model.stability,
        "silhouette": model.silhouette,
        "tried": [dict(zip(_TRIED, row, strict=True)) for row in model.tried],
        "warnings": [n.as_dict() for n in dict.fromkeys((*model.notes, *results.scored.notes))],
        "changed_in_30_days": None if changes is None else changed(changes.moves),
    }


def _rules(results: Results) -> list[dict[str, object]]:
    decisions = results.decided.decisions
    counted = decisions.group_by(RULE).agg(
        pl.len().alias("eligible"),
        (pl.col(OUTCOME) == "held_out").sum().alias("held_out"),
        (pl.col(OUTCOME) == "selected").sum().alias("selected"),
    )
    by_name = {row[RULE]: row for row in counted.iter_rows(named=True)}
    nothing = {"eligible": 0, "held_out": 0, "selected": 0}
    return [
        {"name": rule.name, "kind": rule.kind}
        | ({"reached": results.reached[rule.name]} if rule.name in results.reached else {})
        | {key: by_name.get(rule.name, nothing)[key] for key in nothing}
        for rule in results.contact_rules
    ] + [
        {"name": rule.name, "kind": rule.kind} for rule in results.rules if rule.kind == "inventory"
    ]
