"""Two messages of one rule are compared by what came after the first that each customer got."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from targeting.campaigns.variants import variant_of
from targeting.evidence.read_run import open_run
from targeting.measure.compare import Question, compare
from targeting.measure.runs import followed
from targeting.measure.variants import by_variant, sent_variants
from targeting.problems import Refused
from targeting.workspace.literals import Period
from tests.commands.shops import BOUGHT, BUYERS
from tests.kit.shop import ShopFolder, shop

PEOPLE = [f"c{number}" for number in range(1200)]
RULE = BUYERS["rules/marketing/all.yaml"].replace("message: m.j2", "message: {a: m.j2, b: n.j2}")
PLANTED = {"a": 0.1, "b": 0.3}
SENT_ON = dt.date(2026, 6, 1)
TWO_WEEKS = Period(14, "day")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> ShopFolder:
    """Make a shop with one run, in which 1,200 customers got one of two messages."""
    bought = "\n".join(f"{who},{SENT_ON},10.00,r{who},s1,1" for who in PEOPLE)
    files = BUYERS | {
        "rules/marketing/all.yaml": RULE,
        "templates/messages/n.j2": "Hello {{ customer_id }}\n",
        "purchases.csv": BOUGHT + bought + "\n",
    }
    made = shop(tmp_path_factory.mktemp("variants"), files, bare=True)
    ran = made.run_here("run")
    assert ran.code == 0, ran.err
    return made


def bought_after(sent: pl.DataFrame) -> pl.DataFrame:
    """Give purchases a week later: of each variant as many buyers as are planted."""
    buyers = []
    for (variant,), group in sent.sort("customer_id").group_by("variant", maintain_order=True):
        ids = group["customer_id"].to_list()
        buyers += ids[: round(len(ids) * PLANTED[str(variant)])]
    days = pl.lit(SENT_ON + dt.timedelta(days=7))
    return pl.DataFrame({"customer_id": buyers}).with_columns(
        days.alias("purchased_on"), pl.lit(1000).alias("amount")
    )


def test_the_variants_are_those_that_were_written_into_the_lists(made: ShopFolder) -> None:
    sent = sent_variants(made.runs, "all")
    lists = pl.read_csv(made.runs[0] / "contacts/all/no_segment.csv")
    written = dict(lists.select("customer_id", "message").iter_rows())
    greeting = {"a": "Hi", "b": "Hello"}
    assert written == {
        who: f"{greeting[variant]} {who}"
        for who, variant in sent.select("customer_id", "variant").iter_rows()
    }


def test_the_planted_difference_comes_back(made: ShopFolder) -> None:
    sent = sent_variants(made.runs, "all")
    rows = followed(sent, {"purchases": bought_after(sent)}, TWO_WEEKS, 2)
    question = Question(["b"], "a", as_of=dt.date(2026, 8, 1))
    found = {each.outcome: each for each in compare(by_variant(rows, sent), question)}
    bought = found["bought"]
    assert bought.treated.value == pytest.approx(PLANTED["b"], abs=0.002)
    assert bought.control.value == pytest.approx(PLANTED["a"], abs=0.002)
    assert bought.effect.difference == pytest.approx(0.2, abs=0.003)
    assert bought.verdict == "works"
    assert bought.treated.n + bought.control.n == len(PEOPLE)
    assert found["spend"].effect.difference == pytest.approx(2.0, abs=0.03)


def test_nothing_planted_shows_no_success(made: ShopFolder) -> None:
    sent = sent_variants(made.runs, "all")
    every_tenth = sent.sort("customer_id")["customer_id"].gather_every(10)
    day = SENT_ON + dt.timedelta(days=3)
    purchases = pl.DataFrame({"customer_id": every_tenth}).with_columns(
        pl.lit(day).alias("purchased_on"), pl.lit(1000).alias("amount")
    )
    rows = followed(sent, {"purchases": purchases}, TWO_WEEKS, 2)
    question = Question(["b"], "a", as_of=dt.date(2026, 8, 1))
    found = compare(by_variant(rows, sent), question)
    assert {each.verdict for each in found}.isdisjoint({"works", "harms"})


def test_what_both_variants_were_answered_is_compared(made: ShopFolder) -> None:
    sent = sent_variants(made.runs, "all")
    opened = sent.filter(pl.col("variant") == "b").select(
        "customer_id",
        pl.lit("opened").alias("event"),
        pl.lit(SENT_ON).alias("happened_on"),
        "rule",
    )
    rows = followed(sent, {"responses": opened}, TWO_WEEKS, 2)
    question = Question(["b"], "a", as_of=dt.date(2026, 8, 1))
    each = compare(by_variant(rows, sent), question)[0]
    assert (each.outcome, each.treated.value, each.control.value) == ("opened", 1.0, 0.0)


def test_the_key_and_the_rule_of_that_night_count(made: ShopFolder) -> None:
    before = sent_variants(made.runs, "all")
    run = open_run(made.runs[0])
    (rule,) = run.rules
    today = pl.DataFrame({"person": PEOPLE}).with_columns(v=variant_of(rule, "x", pl.col("person")))
    policy = BUYERS["rules/policy.yaml"]
    made.write("rules/policy.yaml", policy.replace("key: k", "key: x"))
    try:
        assert sent_variants(made.runs, "all").equals(before)
        assert dict(before.select("customer_id", "variant").iter_rows()) != dict(today.iter_rows())
    finally:
        made.write("rules/policy.yaml", policy)


def test_a_rule_with_one_message_has_nothing_to_compare(tmp_path: Path) -> None:
    one = shop(tmp_path, BUYERS, bare=True)
    assert one.run_here("run").code == 0
    with pytest.raises(Refused, match="W004: no message of 'all' had variants") as refused:
        sent_variants(one.runs, "all")
    assert "message: {a: one.j2, b: other.j2}" in str(refused.value)


def test_a_run_that_cannot_be_read_any_more_is_named(tmp_path: Path) -> None:
    files = BUYERS | {"rules/marketing/all.yaml": RULE, "templates/messages/n.j2": "Hello\n"}
    one = shop(tmp_path, files, bare=True)
    assert one.run_here("run").code == 0
    (one.runs[0] / "policy_state.parquet").write_bytes(b"x")
    with pytest.raises(Refused, match=r"policy_state\.parquet cannot be read"):
        sent_variants(one.runs, "all")
