"""Random conditions over a small world, all of whose customers can be listed.

Every constant a condition may use has its neighbours in `VALUES`, so what holds of all the listed
customers holds of all there can be.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import hypothesis.strategies as st
import polars as pl

from targeting.problems import Place
from targeting.rules.compile import Compiler
from targeting.rules.conditions import read_conditions, read_when
from targeting.rules.model import Condition, Contact, Guardrail, Rule, fields_read
from targeting.rules.scope import Scope
from targeting.workspace.catalogue import Field
from targeting.workspace.words import RuleKind
from targeting.workspace.yaml import Node, parse_yaml

AS_OF = dt.date(2026, 3, 31)
MINOR = 100
SEGMENTS = ("Loyal", "Casual", "NO")
FIELDS = {
    "age": Field("age", "number", "customers"),
    "visits": Field("visits", "number", "customers", low=0, high=7, may_be_missing=True),
    "spend": Field("spend", "money", "customers"),
    "segment": Field("segment", "category", "segments", SEGMENTS),
    "brand": Field("brand", "category", "customers"),
    "city": Field("city", "text", "customers"),
    "bought": Field("bought", "list", "purchases", SEGMENTS),
    "tags": Field("tags", "list", "purchases", may_be_missing=False),
    "seen_on": Field("seen_on", "date", "customers"),
    "consent": Field("consent", "yes/no", "customers"),
}
DTYPES: dict[str, Any] = {
    "number": pl.Float64,
    "money": pl.Int64,
    "category": pl.String,
    "text": pl.String,
    "list": pl.List(pl.String),
    "date": pl.Date,
    "yes/no": pl.Boolean,
}
WORDS: dict[str, Sequence[str]] = {
    "age": ("-1", "0.29", "1", "10%", "7"),
    "visits": ("0", "2.5", "7"),
    "spend": ("0", "0.29", "0.30", "7"),
    "segment": SEGMENTS,
    "brand": ("Acme", "Zed"),
    "city": ("Lahore", "Laho", "010"),
    "bought": SEGMENTS,
    "tags": ("new", "sale"),
    "seen_on": ("2026-02-28", "2026-03-01", "2026-03-31", "2026-04-02"),
    "consent": ("yes", "no"),
}
NUMBERS = ["age", "spend", "visits"]
PERIODS = ("0 days", "1 day", "30 days", "1 month", "1 year")


def _around(*days: dt.date) -> list[dt.date | None]:
    near = {day + dt.timedelta(days=n) for day in days for n in (-1, 0, 1)}
    return [None, *sorted(near)]


def _subsets(words: Iterable[str]) -> list[list[str]]:
    several = tuple(words)
    sizes = range(len(several) + 1)
    return [list(chosen) for size in sizes for chosen in itertools.combinations(several, size)]


VALUES: dict[str, Sequence[Any]] = {
    "age": (None, -9.0, -1.0, 0.0, 0.1, 0.2, 0.29, 0.5, 1.0, 3.0, 7.0, 8.0),
    "visits": (None, 0.0, 1.0, 2.5, 5.0, 7.0),
    "spend": (None, -50, 0, 1, 29, 30, 400, 700, 900),
    "segment": (None, *SEGMENTS),
    "brand": (None, "Acme", "Zed", "another"),
    "city": (None, "", "Lahore", "Laho", "Lahorex", "Lahox", "010", "0101", "x"),
    "bought": (None, *_subsets(SEGMENTS)),
    "tags": _subsets(("new", "sale", "another")),
    "seen_on": _around(
        AS_OF,
        dt.date(2025, 3, 31),
        dt.date(2026, 2, 28),
        dt.date(2026, 3, 1),
        dt.date(2026, 3, 30),
        dt.date(2026, 4, 2),
        dt.date(2026, 4, 30),
        dt.date(2027, 3, 31),
    ),
    "consent": (None, True, False),
}


@st.composite
def comparisons(
    draw: st.DrawFn, names: Sequence[str], *, two_fields: bool = False
) -> dict[str, Any]:
    """Draw one test of one of the fields; of two where that is asked for."""
    name = draw(st.sampled_from(names))
    kind = FIELDS[name].type
    value: st.SearchStrategy[Any] = st.sampled_from(WORDS[name])
    several = st.lists(value, min_size=1, max_size=3, unique=True)
    shapes = [_under(["missing"], st.sampled_from(["yes", "no"]))]
    if kind in ("number", "money"):
        compare = ["is", "is_not", "at_least", "more_than", "at_most", "less_than"]
        shapes += [value, several, _under(compare, value), _under(["between"], _ends(value))]
        if two_fields:
            others = st.sampled_from([n for n in NUMBERS if n != name])
            shapes += [_under(compare, _under(["field"], others))] * 3
    elif kind in ("category", "text"):
        shapes += [value, _under(["one_of", "not_one_of"], several), _under(["is_not"], value)]
        shapes += [_under(["starts_with"], value)] if kind == "text" else []
    elif kind == "list":
        shapes += [_under(["has_any", "has_all", "has_none"], several), _under(["has"], value)]
    elif kind == "date":
        periods = st.sampled_from(PERIODS)
        shapes += [_under(["within_last", "older_than", "within_next"], periods)]
        shapes += [_under(["before", "after"], value), _under(["between"], _ends(value)), value]
    else:
        shapes += [value, _under(["is_not"], value)]
    test = draw(st.one_of(shapes))
    if isinstance(test, dict) and "missing" not in test and draw(st.booleans()):
        test = {**test, "or_missing": draw(st.sampled_from(["yes", "no"]))}
    return {name: test}


def conditions(
    names: Sequence[str], *, two_fields: bool = False
) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a test or a group of up to three, groups inside it too."""
    return st.recursive(
        comparisons(names, two_fields=two_fields),
        lambda inner: st.tuples(
            st.sampled_from(["all", "any", "none"]), st.lists(inner, min_size=1, max_size=3)
        ).map(lambda pair: {pair[0]: pair[1]}),
        max_leaves=2,
    )


@st.composite
def bodies(
    draw: st.DrawFn, count: int = 1, *, two_fields: bool = False
) -> tuple[dict[str, Any], ...]:
    """Draw `when` and `exclude` of rules about the same three fields at most."""
    known = NUMBERS if two_fields else sorted(FIELDS)
    names = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
    one = conditions(names, two_fields=two_fields)
    return tuple(_body(draw, one) for _ in range(count))


def _body(draw: st.DrawFn, one: st.SearchStrategy[Any]) -> dict[str, Any]:
    lines = draw(st.lists(one, min_size=1, max_size=3))
    keys = [draw(st.sampled_from(["all", "all", "any", "none"])) for _ in lines]
    when = {key: [line for k, line in zip(keys, lines, strict=True) if k == key] for key in keys}
    return {"when": when, "exclude": draw(st.lists(one, max_size=2))}


def rule(
    name: str,
    body: dict[str, Any],
    *,
    priority: int = 1,
    kind: RuleKind = "marketing",
    guardrail: Sequence[Any] = (),
) -> Rule:
    """Make a rule of `when` and `exclude` as a person would write them."""
    when = read_when(_node(flow(body["when"]), name), scope := Scope(FIELDS))
    exclude = _read(body.get("exclude") or [], name, scope)
    guard = _read(guardrail, "rules/shared.yaml", scope)
    errors = [problem for problem in scope.problems if problem.severity == "error"]
    assert not errors, [str(problem) for problem in errors]
    return Rule(
        name=name,
        kind=kind,
        file=f"rules/{kind}/{name}.yaml",
        title=name,
        owner=None,
        priority=priority,
        active_from=None,
        active_until=None,
        when=when,
        exclude=exclude,
        guardrails=(Guardrail("adults", "Adults only", guard),) if guard else (),
        then=Contact("offer", ("email",), {"": "x.j2"}, None, None),
        pick=None,
        holdout=None,
        cooldown=None,
        budget=None,
        examples=(),
        place=Place(f"rules/{kind}/{name}.yaml"),
    )


def flow(value: Any) -> str:
    """Write YAML on one line, every word as it stands."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(flow, value)) + "]"
        case _:
            return str(value)


def everybody(names: Iterable[str]) -> pl.DataFrame:
    """List every customer that these fields can make."""
    frame = pl.DataFrame({"_": [0]})
    for name in sorted(names):
        values = pl.Series(name, VALUES[name], dtype=DTYPES[FIELDS[name].type])
        frame = frame.join(values.to_frame(), how="cross")
    return frame


@dataclass(frozen=True)
class World:
    """All customers that some rules tell apart, and what holds of each."""

    people: pl.DataFrame

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> World:
        """List the customers of the fields that rules name."""
        found = fields_read(tuple(line.condition for rule in rules for line in rule.lines()))
        return cls(everybody(found))

    def where(self, condition: Condition, wanted: bool = True) -> pl.Series:
        """Say of each customer whether a condition holds (or does not, as wanted)."""
        met = Compiler(AS_OF, MINOR).condition(condition)
        return self.people.select((met if wanted else ~met).alias("met"))["met"]

    def matched(self, rule: Rule) -> pl.Series:
        """Say of each customer whether the rule matches."""
        compiler = Compiler(AS_OF, MINOR)
        met = [compiler.condition(line.condition) == line.wanted for line in rule.lines()]
        return self.people.select(pl.all_horizontal(met).alias("met"))["met"]


def _read(lines: Sequence[Any], name: str, scope: Scope) -> tuple[Condition, ...]:
    return read_conditions(_node(flow(list(lines)), name), scope) if lines else ()


def _node(text: str, name: str) -> Node:
    file, problems = parse_yaml(text, name)
    assert not problems, [str(problem) for problem in problems]
    assert file.root is not None
    return file.root


def _under(operators: Sequence[str], operand: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(st.sampled_from(operators), operand).map(lambda pair: {pair[0]: pair[1]})


def _ends(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(value, value).map(lambda pair: sorted(pair, key=_size))


def _size(word: str) -> float | str:
    if word.endswith("%"):
        return float(word[:-1]) / 100
    return word if word.count("-") == 2 else float(word)
