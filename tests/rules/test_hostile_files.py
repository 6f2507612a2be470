"""Hostile files get an answer within two seconds and little memory, at a place, and no traceback."""

from __future__ import annotations

import resource
import sys

import pytest

from targeting.problems import Problem
from tests.kit.pace import within
from tests.rules.shop_of_rules import RULE, problems, rule

BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(20)
)
QUARTER_MB = 250_000
HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "alias bomb": (BOMB, "Y004"),
    "10,000 brackets": ("a: " + "[" * 10_000, "Y003"),
    "10,000 pairs of brackets": ("a: " + "[" * 10_000 + "]" * 10_000, "Y003"),
    "10,000 braces": ("{a: " * 10_000, "Y003"),
    "10,000 dashes": ("- " * 10_000 + "x", "Y003"),
    "deep lines": ("\n".join(" " * n + "a:" for n in range(1200)), "Y003"),
    "one line of 1 MB": ("title: " + "x" * 990_000, "P002"),
    "one list of 1 MB": ("a: [" + "b," * 490_000 + "c]", "Y007"),
    "keys of 1 MB": ("\n".join(f"k{n}: 1" for n in range(95_000)), "Y007"),
    "one key 190,000 times": ("a: 1\n" * 190_000, "Y002"),
    "10,000 unknown keys": ("\n".join(f"k{n}: 1" for n in range(10_000)), "P001"),
    "10,000 unknown fields": (rule(*(f"k{n}: 1" for n in range(10_000))), "F001"),
    "10,000 wrong values": (rule(f"city: [{', '.join(f'v{n}' for n in range(10_000))}]"), "V001"),
    "10,000 conditions": (rule(*["age: 5"] * 10_000), "P009"),
    "colons": (":" * 900_000, "Y001"),
    "colons and spaces": (": " * 400_000, "Y001"),
    "spaces": (" " * 900_000, "P002"),
    "quotes": ("'" * 900_001, "Y001"),
    "one quote": ('"' + "x\n" * 400_000, "Y001"),
    "question marks": ("? " * 400_000, "Y003"),
    "blocks": ("a: >" + "\n" * 900_000, "P001"),
    "tags": ("!a " * 300_000, "Y004"),
    "hashes": ("#" * 900_000, "P002"),
    "binary": (bytes(range(256)) * 3000, "Y009"),
    "utf-16": ("title: x\n".encode("utf-16"), "Y009"),
    "python": ("a: !!python/object/apply:os.system ['echo no']", "Y004"),
    "long digits": (rule("visits: " + "9" * QUARTER_MB), "T003"),
    "long period": (rule(f"seen_on: {{within_last: {'9' * QUARTER_MB} days}}"), "T003"),
    "long date": (rule("seen_on: " + "2026-" * 50_000), "T003"),
    "long word": (rule("city: " + "x" * QUARTER_MB), "V001"),
    "long field": (rule("x" * 1000 + ": 5"), "F001"),
    "long template": (rule(then=f"then: {{offer: a, channel: email, message: {'x' * 5000}}}\n"), "R001"),
    "template with nul": (rule(then='then: {offer: a, channel: email, message: "a\\0"}\n'), "R001"),
}  # fmt: skip


def timed(name: str, text: str | bytes) -> list[Problem]:
    with within(seconds=1.5):
        return problems({name: text})


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_rule_file_gets_a_quick_answer(name: str) -> None:
    text, code = HOSTILE[name]
    found = timed(RULE, text)
    assert found[0].code == code
    assert len(found) <= 200
    for problem in found:
        assert problem.place.file == RULE
        assert problem.place.column < problem.place.end_column
        assert len(str(problem)) < 1_500


@pytest.mark.parametrize(
    "file", ["rules/shared.yaml", "rules/policy.yaml", "targeting.yaml", "segments/customers.yaml"]
)
@pytest.mark.parametrize(
    "name", ["alias bomb", "10,000 brackets", "10,000 unknown keys", "one key 190,000 times"]
)
def test_a_hostile_file_of_another_kind_gets_a_quick_answer(file: str, name: str) -> None:
    found = timed(file, HOSTILE[name][0])
    assert {problem.place.file for problem in found if problem.code[0] in "YP"} == {file}


def test_memory_stays_modest() -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    in_mb = peak / (1024 if sys.platform != "darwin" else 1024**2)
    for name in ("alias bomb", "keys of 1 MB", "one list of 1 MB", "one line of 1 MB"):
        problems({RULE: HOSTILE[name][0]})
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after / (1024 if sys.platform != "darwin" else 1024**2) - in_mb < 250
