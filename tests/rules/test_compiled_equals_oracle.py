"""Promise: a compiled condition says of any row what a plain reading of the same YAML says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import hypothesis.strategies as st
import polars as pl
import yaml
from hypothesis import given, settings

from targeting.problems import errors
from targeting.rules.compile import Compiler, without_nan
from targeting.rules.conditions import read_when
from targeting.rules.scope import Scope
from targeting.workspace.catalogue import Field
from targeting.workspace.yaml import Mapping, parse_yaml
from tests.kit.oracle import Oracle, read_plain

AS_OF = dt.date(2026, 3, 31)
MINOR = 100
SEGMENTS = ("Premium loyalists", "Uncommitted", "NO", "1")
FIELDS = {
    "age": Field("age", "number", "customers"),
    "visits": Field("visits", "number", "customers"),
    "spend": Field("spend", "money", "customers"),
    "segment": Field("segment", "category", "segments", SEGMENTS),
    "city": Field("city", "text", "customers"),
    "bought": Field("bought", "list", "purchases", SEGMENTS),
    "seen_on": Field("seen_on", "date", "customers"),
    "due_on": Field("due_on", "date", "customers"),
    "consent": Field("consent", "yes/no", "customers"),
}
DTYPES: dict[str, Any] = {
    "age": pl.Float64,
    "visits": pl.Int64,
    "spend": pl.Int64,
    "segment": pl.String,
    "city": pl.String,
    "bought": pl.List(pl.String),
    "seen_on": pl.Date,
    "due_on": pl.Date,
    "consent": pl.Boolean,
}

# Values near each other, so that conditions often sit exactly on a row's value.
number_words = st.sampled_from(["0", "0.29", "1", "-1", "7", "10%", "2.5", "1000000"])
period_words = st.sampled_from(["0 days", "1 day", "30 days", "4 weeks", "1 month", "1 year"])
days = st.integers(-400, 400).map(lambda n: AS_OF + dt.timedelta(days=n))
edges = st.sampled_from([AS_OF, dt.date(2026, 2, 28), dt.date(2026, 3, 1), dt.date(2025, 3, 31)])
dates = st.one_of(days, edges)
city_words = st.sampled_from(["", "Lahore", "Laho", "کراچی", "no", "010"])


def operands(kind: str) -> st.SearchStrategy[Any]:
    return {
        "number": number_words,
        "money": number_words,
        "category": st.sampled_from(SEGMENTS),
        "text": city_words.map(lambda w: w or "x"),
        "list": st.sampled_from(SEGMENTS),
        "date": dates.map(str),
        "yes/no": st.sampled_from(["yes", "no"]),
    }[kind]


@st.composite
def comparisons(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted(FIELDS)))
    kind = FIELDS[name].type
    value = operands(kind)
    several = st.lists(value, min_size=1, max_size=3)
    shapes: list[st.SearchStrategy[Any]] = [
        st.fixed_dictionaries({"missing": st.sampled_from(["yes", "no"])})
    ]
    if kind != "list":
        shapes += [value, several]
    if kind in ("number", "money"):
        compare = st.sampled_from(["is", "is_not", "at_least", "more_than", "at_most", "less_than"])
        other = st.sampled_from([n for n, f in FIELDS.items() if f.type in ("number", "money")])
        shapes.append(st.tuples(compare, value).map(lambda t: {t[0]: t[1]}))
        shapes.append(st.tuples(compare, other).map(lambda t: {t[0]: {"field": t[1]}}))
        ends = st.tuples(value, value).map(lambda t: sorted(t, key=number_of))
        shapes.append(ends.map(lambda e: {"between": list(e)}))
    if kind in ("category", "text"):
        shapes += [several.map(lambda v: {"not_one_of": v}), value.map(lambda v: {"is_not": v})]
        shapes.append(several.map(lambda v: {"one_of": v}))
    if kind == "text":
        shapes.append(value.map(lambda v: {"starts_with": v}))
    if kind == "list":
        shapes += [under(o, several) for o in ("has_any", "has_all", "has_none")]
        shapes.append(value.map(lambda v: {"has": v}))
    if kind == "date":
        shapes += [under(o, period_words) for o in ("within_last", "older_than", "within_next")]
        shapes += [under(o, value) for o in ("before", "after")]
        shapes.append(st.tuples(value, value).map(lambda t: {"between": sorted(t)}))
        shapes.append(st.just({"before": {"field": "due_on"}}))
    if kind == "yes/no":
        shapes.append(value.map(lambda v: {"is_not": v}))
    test = draw(st.one_of(shapes))
    if isinstance(test, dict) and "missing" not in test and draw(st.booleans()):
        test = {**test, "or_missing": draw(st.sampled_from(["yes", "no"]))}
    return {name: test}


def under(operator: str, operand: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({operator: operand})


def number_of(word: str) -> float:
    return float(word[:-1]) / 100 if word.endswith("%") else float(word)


conditions = st.recursive(
    comparisons(),
    lambda inner: st.tuples(
        st.sampled_from(["all", "any", "none"]), st.lists(inner, min_size=1, max_size=3)
    ).map(lambda t: {t[0]: t[1]}),
    max_leaves=5,
)
whens = st.dictionaries(
    st.sampled_from(["all", "any", "none"]),
    st.lists(conditions, min_size=1, max_size=3),
    min_size=1,
)
rows = st.fixed_dictionaries(
    {
        "age": st.one_of(
            st.none(),
            st.sampled_from([0.0, 0.29, 1.0, 7.0, 2.5, float("nan"), float("inf"), float("-inf")]),
        ),
        "visits": st.one_of(st.none(), st.integers(-1, 8)),
        "spend": st.one_of(st.none(), st.sampled_from([0, 29, 100, 700, 250, 10, 100_000_000])),
        "segment": st.one_of(st.none(), st.sampled_from(SEGMENTS)),
        "city": st.one_of(st.none(), city_words),
        "bought": st.one_of(st.none(), st.lists(st.sampled_from(SEGMENTS), unique=True)),
        "seen_on": st.one_of(st.none(), dates),
        "due_on": st.one_of(st.none(), dates),
        "consent": st.one_of(st.none(), st.booleans()),
    }
)


def as_yaml(when: Any) -> str:
    """Write the block as a person would: plain words, quotes only where a word needs them."""
    text = yaml.dump(when, default_flow_style=False, sort_keys=False, allow_unicode=True)
    for word in ("yes", "no"):
        text = text.replace(f"'{word}'", word)
    lines = []
    for line in text.splitlines():
        plain = line
        for kind in ("'",):
            start = plain.find(kind)
            if start >= 0 and plain.endswith(kind) and _is_plain(plain[start + 1 : -1]):
                plain = plain[:start] + plain[start + 1 : -1]
        lines.append(plain)
    return "\n".join(lines) + "\n"


def _is_plain(word: str) -> bool:
    return bool(word) and word[0] not in "%@`*&!|>" and ": " not in word and word != "NO"


def compiled(when: str, frame: pl.DataFrame) -> list[bool]:
    file, problems = parse_yaml(when, "when.yaml")
    assert not problems
    assert isinstance(file.root, Mapping)
    scope = Scope(FIELDS)
    groups = read_when(file.root, scope)
    assert not errors(scope.problems), [str(p) for p in scope.problems]
    compiler = Compiler(AS_OF, MINOR)
    exprs = [compiler.condition(group) for group in groups]
    answers = (
        without_nan(frame.lazy()).select(pl.all_horizontal(exprs).alias("met")).collect()["met"]
    )
    assert answers.null_count() == 0
    return answers.to_list()


@settings(max_examples=150, deadline=None)
@given(whens, st.lists(rows, min_size=1, max_size=6))
def test_a_compiled_condition_agrees_with_a_plain_reading(
    when: Any, people: list[dict[str, Any]]
) -> None:
    text = as_yaml(when)
    frame = pl.DataFrame(people, schema=DTYPES)
    oracle = Oracle({name: field.type for name, field in FIELDS.items()}, {}, AS_OF)
    seen = [
        row | {"spend": None if row["spend"] is None else row["spend"] / MINOR} for row in people
    ]
    expected = [oracle.when(read_plain(text), row, {}) for row in seen]
    assert compiled(text, frame) == expected


@settings(max_examples=50, deadline=None)
@given(whens, conditions, st.sampled_from(["all", "none"]), st.lists(rows, min_size=1, max_size=6))
def test_a_line_added_to_all_or_none_never_adds_a_customer(
    when: Any, more: Any, kind: str, people: list[dict[str, Any]]
) -> None:
    frame = pl.DataFrame(people, schema=DTYPES)
    longer = {**when, kind: [*when.get(kind, []), more]}
    before, after = compiled(as_yaml(when), frame), compiled(as_yaml(longer), frame)
    assert all(was or not now for was, now in zip(before, after, strict=True))
