"""Derived fields and `where`: SQL that may compare and compute, and nothing else."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from targeting.problems import Place, Problem, did_you_mean

if TYPE_CHECKING:
    import polars as pl
    from sqlglot import exp

AS_OF = "as_of"

# Scalar functions that Polars' SQL and sqlglot both know; none reads a clock or another row.
FUNCTIONS = (
    "ABS", "CEIL", "FLOOR", "ROUND", "SQRT", "LN", "LOG10", "EXP", "POWER", "SIGN", "MOD",
    "COALESCE", "NULLIF", "GREATEST", "LEAST", "IF",
    "LOWER", "UPPER", "TRIM", "LENGTH", "CONCAT", "SUBSTR", "LEFT", "RIGHT", "REPLACE",
    "STARTS_WITH", "ENDS_WITH", "EXTRACT",
)  # fmt: skip

_SHAPES = (
    "Column", "Identifier", "Literal", "Boolean", "Null", "Paren", "Neg", "Not", "And", "Or",
    "EQ", "NEQ", "GT", "GTE", "LT", "LTE", "Between", "In", "Is", "Like", "ILike",
    "Add", "Sub", "Mul", "Div", "Mod", "DPipe", "Case", "If", "Cast", "DataType", "DataTypeParam",
    "Var", "Interval",
    "Abs", "Ceil", "Floor", "Round", "Sqrt", "Ln", "Log", "Exp", "Pow", "Sign",
    "Coalesce", "Nullif", "Greatest", "Least",
    "Lower", "Upper", "Trim", "Length", "Concat", "Substring", "Left", "Right", "Replace",
    "StartsWith", "EndsWith", "Extract",
)  # fmt: skip


def check_sql(sql: str, known: Collection[str], place: Place) -> tuple[set[str], list[Problem]]:
    """Parse an expression and name everything in it that is not allowed, at its column.

    `known` are the field names it may use; `as_of`, the run's date, is always one. Gives the names
    it uses and the problems.
    """
    from sqlglot.errors import SqlglotError

    try:
        tree = _parse(sql)
        colons = [token for token in _tokens(sql) if token.text == "::"]
    except SqlglotError as error:
        details = getattr(error, "errors", None) or [{}]
        where = _within(place, sql, int(details[0].get("col") or 1) - 1)
        return set(), [Problem("Q001", "this is not a SQL expression", where, _FORM)]
    except RecursionError:
        return set(), [Problem("Q001", "nested too deep", place, "split it over derived fields")]
    problems = [
        Problem(
            "Q002", "'::' is not used here", _within(place, sql, token.start), "CAST(x AS DOUBLE)"
        )
        for token in colons
    ]
    used: set[str] = set()
    for node in tree.walk():
        if type(node).__name__ == "Column":
            used.add(node.name)
            if node.args.get("table") is not None or node.name not in (*known, AS_OF):
                at = _within(place, sql, _start(node))
                message = f"'{node.sql()}' is not a field here"
                problems.append(Problem("F001", message, at, did_you_mean(node.name, known)))
        elif not _allowed(node):
            at = _within(place, sql, _start(node))
            message = f"'{_shown(node)}' is not allowed in a field's SQL"
            problems.append(Problem("Q002", message, at, f"{_FORM}; functions: {_LIST}"))
            break
    return used, problems


def expression(sql: str, *, as_of: dt.date | None, minor: Mapping[str, int]) -> pl.Expr:
    """Compile a checked expression for a frame that has its names.

    `as_of` becomes a date; each money column in `minor` is divided by its number of minor units,
    so that the writer sees rupees where the frame holds paisa. The rest reaches Polars as it was
    typed: generating SQL from the parsed tree turned LOG10(x) into another function.
    """
    import polars as pl

    text = sql
    edits = [*_columns_put(sql, as_of, minor), *_forgiving_casts(sql)]
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return pl.sql_expr(text)


def _columns_put(
    sql: str, as_of: dt.date | None, minor: Mapping[str, int]
) -> Iterator[tuple[int, int, str]]:
    from sqlglot import exp

    for node in _parse(sql).find_all(exp.Column):
        start, end = int(node.this.meta["start"]), int(node.this.meta["end"]) + 1
        if node.name == AS_OF and as_of is not None:
            yield start, end, f"CAST('{as_of.isoformat()}' AS DATE)"
        elif node.name in minor:
            yield start, end, f"ROUND(CAST({node.name} AS DOUBLE) / {minor[node.name]}, 6)"


def _forgiving_casts(sql: str) -> Iterator[tuple[int, int, str]]:
    """Make what cannot be converted missing: one customer's value must not end the night."""
    tokens = _tokens(sql)
    for word, after in itertools.pairwise(tokens):
        if word.text.upper() == "CAST" and after.text == "(":
            yield word.start, word.end + 1, "TRY_CAST"


def _tokens(sql: str) -> list[Any]:
    import sqlglot

    return sqlglot.tokenize(sql, dialect="postgres")


def fields_in(sql: str) -> set[str]:
    """List the names that a checked expression reads."""
    from sqlglot import exp

    return {column.name for column in _parse(sql).find_all(exp.Column)}


def _allowed(node: exp.Expr) -> bool:
    kind = type(node).__name__
    if kind == "Is":  # Polars gives null, not false, for `x IS TRUE` on a null
        return type(node.expression).__name__ == "Null"
    return kind in _SHAPES


_FORM = "field names, + - * /, comparisons, AND OR NOT, CASE WHEN … THEN … END, CAST"
_LIST = ", ".join(FUNCTIONS)


def _parse(sql: str) -> exp.Expr:
    import logging

    import sqlglot

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    tree: exp.Expr = sqlglot.parse_one(sql, dialect="postgres")
    return tree


def _start(node: exp.Expr) -> int:
    """Give the offset of a node's first word in the text."""
    starts = [n.meta["start"] for n in node.walk() if "start" in n.meta]
    return min(starts, default=0)


def _shown(node: exp.Expr) -> str:
    text = node.sql(dialect="postgres")
    return text if len(text) <= 40 else text[:39] + "…"


def _within(place: Place, sql: str, offset: int) -> Place:
    """Move a place to a word inside a one-line, quoted or plain, text."""
    found = place.excerpt.find(sql)
    if found < 0:
        return place
    start = found + offset
    end = start
    while end < len(place.excerpt) and (place.excerpt[end].isalnum() or place.excerpt[end] == "_"):
        end += 1
    return Place(place.file, place.line, start + 1, max(end, start + 1) + 1, place.excerpt)
