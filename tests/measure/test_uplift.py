"""How many more buy because of a rule, from the run folders of its past nights."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from targeting.customers.lines import Lines
from targeting.measure.uplift import uplifts
from targeting.plan import prepare
from targeting.rules.model import Holdout, Rule
from tests.kit.shop import shop

SIZE = 100  # customers in each arm
AS_OF = dt.date(2026, 11, 24)
LONG_AGO = dt.date(2026, 10, 1)
BUYS = {"selected": 30, "held_out": 10}  # of a hundred in each arm


@pytest.fixture
def hello(tmp_path: Path) -> Rule:
    """The rule hello, with a holdout and an uplift of its own."""
    made = shop(tmp_path / "shop")
    rule = prepare(made.folder).contact_rules[0]
    then = replace(rule.contact, uplift=Decimal("0.05"))
    return replace(rule, then=then, holdout=Holdout(Decimal("0.5"), "hello"))


def night(out: Path, day: dt.date, *, name: str = "", size: int = SIZE) -> None:
    """Write what is read of a run: both arms of one rule, and a universal holdout that buys all."""
    folder = out / f"{day}-{name or 'run'}"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"as_of": str(day)}))
    arms = [(arm, number, None) for arm in BUYS for number in range(size)]
    rows = [*arms, *(("held_out", size + number, "universal_holdout") for number in range(50))]
    pl.DataFrame(
        {
            "customer_id": [f"{arm}{number}" for arm, number, _ in rows],
            "rule": ["hello"] * len(rows),
            "segment": [None] * len(rows),
            "outcome": [arm for arm, _, _ in rows],
            "reason": [reason for _, _, reason in rows],
        },
        schema_overrides={"segment": pl.String, "reason": pl.String},
    ).write_parquet(folder / "decisions.parquet")


def bought(day: dt.date) -> pl.DataFrame:
    """Let 30 of the contacted and 10 of the held out buy on a day, and the universal holdout."""
    who = [f"{arm}{number}" for arm, most in BUYS.items() for number in range(most)]
    who += [f"held_out{SIZE + number}" for number in range(50)]
    return pl.DataFrame({"customer_id": who, "purchased_on": day, "amount": 500})


def found(rule: Rule, out: Path, purchases: pl.DataFrame | None) -> list[tuple[str, float, str]]:
    lines = None if purchases is None else Lines.of(purchases.lazy(), purchases.columns)
    return uplifts([rule], out, lines, AS_OF).rows()


def test_a_past_holdout_tells_how_many_more_bought(hello: Rule, tmp_path: Path) -> None:
    night(tmp_path / "out", LONG_AGO)
    assert found(hello, tmp_path / "out", bought(dt.date(2026, 10, 9))) == [
        ("hello", 0.2, "measured")
    ]


def test_purchases_after_thirty_days_do_not_count(hello: Rule, tmp_path: Path) -> None:
    night(tmp_path / "out", LONG_AGO)
    late = bought(dt.date(2026, 11, 1))
    assert found(hello, tmp_path / "out", late) == [("hello", 0.0, "measured")]


def test_a_campaign_that_loses_buyers_takes_no_stock_away(hello: Rule, tmp_path: Path) -> None:
    night(tmp_path / "out", LONG_AGO)
    lost = bought(dt.date(2026, 10, 9)).filter(pl.col("customer_id").str.starts_with("held_out"))
    assert found(hello, tmp_path / "out", lost) == [("hello", 0.0, "measured")]


def test_what_may_be_chance_orders_nothing(hello: Rule, tmp_path: Path) -> None:
    """Thirteen of the contacted and ten of the held out: 3 more of a hundred, give or take 9."""
    night(tmp_path / "out", LONG_AGO)
    few = bought(dt.date(2026, 10, 9)).filter(
        ~pl.col("customer_id").is_in([f"selected{number}" for number in range(13, 30)])
    )
    assert found(hello, tmp_path / "out", few) == [("hello", 0.05, "rule")]
    silent = replace(hello, then=replace(hello.contact, uplift=None))
    assert found(silent, tmp_path / "out", few) == []


def test_a_holdout_that_shows_less_than_the_rule_says_overrules_it(
    hello: Rule, tmp_path: Path
) -> None:
    """Two thousand in each arm, and one in two hundred more: the rule's own 5% cannot be true."""
    night(tmp_path / "out", LONG_AGO, size=2000)
    few = bought(dt.date(2026, 10, 9)).filter(
        ~pl.col("customer_id").is_in([f"selected{number}" for number in range(20, 30)])
        & ~pl.col("customer_id").is_in([f"held_out{SIZE + number}" for number in range(50)])
    )
    assert found(hello, tmp_path / "out", few) == [("hello", 0.005, "measured")]


@pytest.mark.parametrize(
    ("day", "size"), [(dt.date(2026, 11, 1), SIZE), (LONG_AGO, 9)],
    ids=["the thirty days are not over", "too few customers"],
)  # fmt: skip
def test_until_a_holdout_can_tell_the_rule_s_own_uplift_stands(
    hello: Rule, tmp_path: Path, day: dt.date, size: int
) -> None:
    night(tmp_path / "out", day, size=size)
    assert found(hello, tmp_path / "out", bought(dt.date(2026, 11, 3))) == [("hello", 0.05, "rule")]


def test_a_rule_with_neither_adds_nothing(hello: Rule, tmp_path: Path) -> None:
    silent = replace(hello, then=replace(hello.contact, uplift=None))
    assert found(silent, tmp_path / "none", None) == []


def test_a_night_that_is_undone_dry_or_damaged_does_not_count(hello: Rule, tmp_path: Path) -> None:
    out = tmp_path / "out"
    night(out, LONG_AGO, name="a-undone")
    night(out, LONG_AGO, name="b-dry")
    (out / f"{LONG_AGO}-b-dry" / "manifest.json").write_text(
        json.dumps({"as_of": str(LONG_AGO), "dry_run": True})
    )
    night(out, LONG_AGO, name="c")
    (out / f"{LONG_AGO}-c" / "decisions.parquet").write_bytes(b"PAR1")
    night(out, LONG_AGO, name="d")
    (out / f"{LONG_AGO}-d" / "manifest.json").write_text("{")
    assert found(hello, out, bought(dt.date(2026, 10, 9))) == [("hello", 0.05, "rule")]
