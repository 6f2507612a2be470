"""Promise: any text in a workspace either reads, or gives problems with a place inside the file."""

from __future__ import annotations

import random
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import given, settings

from targeting.problems import Problem
from tests.kit.shop import ROOT
from tests.rules.shop_of_rules import FIELDS, POLICY, RULE, problems, rule

SHARED = "audiences:\n  adults:\n    all:\n      - age: {at_least: 18}\nlists: {few: [a, b]}\n"
SEGMENTS = (ROOT / "segments" / "customers.yaml").read_text(encoding="utf-8")
FILES = {
    RULE: rule("audience: adults", "code: $few", "seen_on: {within_last: 30 days}", top="holdout: 10%\n"),
    "rules/shared.yaml": SHARED,
    "rules/policy.yaml": POLICY,
    "targeting.yaml": FIELDS,
    "segments/customers.yaml": SEGMENTS,
}  # fmt: skip

SIGNS = "{}[]:,-#&*!|>'\"%@`?\t \n\r\x00\x85\u2028\ufeff\u200bé🎁ک0aA$.<=~\\"
WORDS = ["title", "when", "all", "- ", ": ", "age", "segment", "{at_least: ", "yes", "missing", "$few",
         "examples", "given", "\n  ", "\n    - ", "[", "]", "{", "}", "<<", "---\n", "*a", "&a", "!!x", "# "]  # fmt: skip

yamlish = st.lists(st.one_of(st.sampled_from(WORDS), st.text(SIGNS, max_size=3)), max_size=60).map(
    "".join
)


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """Damage a real file in one to four places."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        cut = draw(st.integers(0, 12))
        put = draw(st.one_of(st.text(SIGNS, max_size=3), st.sampled_from(WORDS)))
        text = text[:at] + put + text[at + cut :]
    return text


def check_places(files: dict[str, str]) -> None:
    for problem in problems(files):
        check_place(problem, files)


def check_place(problem: Problem, files: dict[str, str]) -> None:
    place = problem.place
    assert str(problem)
    assert problem.message
    assert problem.help, problem
    assert 1 <= place.column < place.end_column
    if place.file in files and place.excerpt:
        assert place.excerpt in files[place.file].lstrip("\ufeff")
        assert place.column <= len(place.excerpt) + 1
        assert place.end_column <= len(place.excerpt) + 2
    assert 1 <= place.line <= files.get(place.file, "").count("\n") + 60


@settings(max_examples=120, deadline=None)
@given(st.data(), st.sampled_from(sorted(FILES)))
def test_a_damaged_file_reads_or_is_told_of(data: st.DataObject, name: str) -> None:
    check_places(FILES | {name: data.draw(mutated(FILES[name]))})


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.one_of(yamlish, st.text(max_size=80)))
def test_any_text_reads_or_is_told_of(name: str, text: str) -> None:
    check_places(FILES | {name: text})


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.binary(max_size=60))
def test_any_bytes_read_or_are_told_of(name: str, raw: bytes) -> None:
    for problem in problems({**FILES, name: raw}):
        assert 1 <= problem.place.column < problem.place.end_column


def test_the_repositorys_own_rules_damaged_are_told_of() -> None:
    chooser = random.Random(7)  # noqa: S311  # repeats, and guards nothing
    texts = [p.read_text(encoding="utf-8") for p in sorted(Path(ROOT, "rules").rglob("*.yaml"))]
    for _ in range(150):
        text = chooser.choice(texts)
        at = chooser.randrange(len(text))
        damaged = text[:at] + chooser.choice([*WORDS, *SIGNS]) + text[at + chooser.randrange(8) :]
        check_places({"rules/marketing/hello.yaml": damaged})
