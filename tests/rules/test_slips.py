"""Promise: a slip of one key or line in a rule with boundary examples is never silent."""

from __future__ import annotations

import random

import pytest

from bench.mutations import Study, Verdict, slips, stated, without_examples
from targeting.problems import errors
from targeting.workspace.load import load
from tests.kit.shop import ROOT

RULES = (
    "rules/marketing/premium_early_access.yaml",
    "rules/retention/lapsing_vip_call.yaml",
    "rules/inventory/nearly_out.yaml",
)


def judged(name: str, *, examples: bool, sample: int) -> list[Verdict]:
    workspace, problems = load(ROOT)
    assert workspace is not None
    assert not errors(problems)
    study = Study(workspace)
    text = (ROOT / name).read_text(encoding="utf-8")
    rule, wrong = study.read(name, text)
    assert not wrong
    assert rule is not None
    tail = "" if examples else stated(workspace, rule.kind)
    every = list(slips(text if examples else without_examples(text)))
    chosen = random.Random(1).sample(every, sample)  # noqa: S311  # repeats, and guards nothing
    return [study.judge(name, rule, slip, examples=examples, tail=tail) for slip in chosen]


@pytest.mark.parametrize("name", RULES)
def test_with_boundary_examples_no_slip_is_silent(name: str) -> None:
    verdicts = judged(name, examples=True, sample=250)
    assert [v.slip for v in verdicts if v.outcome == "silent"] == []
    caught = [v for v in verdicts if v.outcome == "error"]
    assert sum(bool(set(v.at) & v.slip.lines) for v in caught) >= 0.95 * len(caught)


@pytest.mark.parametrize("name", RULES)
def test_without_examples_few_slips_are_silent(name: str) -> None:
    verdicts = judged(name, examples=False, sample=250)
    assert sum(v.outcome == "silent" for v in verdicts) <= 0.035 * len(verdicts)
