"""Problems as SARIF 2.1.0, the form in which code hosts and editors take findings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from targeting import __version__, explain
from targeting.problems import Place, Problem

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def sarif(problems: Iterable[Problem]) -> dict[str, Any]:
    """Make one run with a result for each problem, and a rule for each code among them."""
    found = list(problems)
    codes = sorted({problem.code for problem in found})
    driver = {
        "name": "targeting",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, codes.index(problem.code)) for problem in found],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    title, text = explain.title(code), explain.text(code)
    if title is None or text is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": title},
        "help": {"text": text, "markdown": text},
    }


def _result(problem: Problem, rule: int) -> dict[str, Any]:
    said = problem.as_dict()  # long words are cut there
    text = str(said["message"]) + (f" ({said['help']})" if said["help"] else "")
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": text},
        "locations": [{"physicalLocation": _location(problem.place)}],
    }


def _location(place: Place) -> dict[str, Any]:
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endColumn": max(place.end_column, place.column),
    }
    return {"artifactLocation": {"uri": _uri(place.file)}, "region": region}


def _uri(file: str) -> str:
    """Name a file relative to the workspace; one outside of it absolutely."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
