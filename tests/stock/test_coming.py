from __future__ import annotations

import datetime as dt
import math
import random
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy.stats import norm

from targeting.stock.coming import Coming, campaign_demand
from targeting.stock.demand.sales import sales_lines
from targeting.stock.demand.shelves import Shelves
from targeting.stock.night import Campaigns, order_suggestions
from targeting.stock.suggest import Suggestions, suggest
from targeting.workspace.columns import SourceName
from targeting.workspace.settings import Ordering

if TYPE_CHECKING:
    from tests.stock.conftest import SmallShop

AS_OF = dt.date(2026, 11, 24)
DAY = dt.timedelta(days=1)
SOLD = {
    "customer_id": pl.String,
    "transaction_id": pl.String,
    "purchased_on": pl.Date,
    "product_id": pl.String,
    "location": pl.String,
    "quantity": pl.Float64,
    "amount": pl.Int64,
}
Line = tuple[str | None, str | None, dt.date, str, str, float, int]
PEOPLE = pl.DataFrame(
    {"customer_id": ["ann", "bob", "eve", "new"], "segment": ["Loyal", "Loyal", None, "Fresh"]}
)
UPLIFTS = {"rule": pl.String, "uplift": pl.Float64, "source": pl.String}


def line(
    who: str | None, receipt: str | None, units: float, product: str = "p", age: int = 3
) -> Line:
    return who, receipt, AS_OF - age * DAY, product, "L", units, round(units * 100)


def coming(
    lines: list[Line], chosen: list[tuple[str, str]], uplifts: list[tuple[str, float | None, str]]
) -> Coming:
    purchases = pl.DataFrame(lines, schema=SOLD, orient="row")
    shelves = Shelves.of([purchases])
    return campaign_demand(
        pl.DataFrame(chosen, schema=["customer_id", "rule"], orient="row"),
        pl.DataFrame(uplifts, schema=UPLIFTS, orient="row"),
        purchases,
        PEOPLE,
        AS_OF,
        sold=sales_lines(purchases, AS_OF, shelves, by_location=True),
        shelves=shelves,
    )


def test_more_buyers_take_what_their_segment_has_in_an_order() -> None:
    lines = [line("ann", "1", 3), line("ann", "2", 1), line("bob", "3", 2, "q")]
    found = coming(lines, [("ann", "win"), ("bob", "win")], [("win", 0.5, "measured")])
    # two of Loyal are contacted, so one more order: 4 units of p in three orders, 2 of q
    units = {row[0]: row[2] for row in found.units.rows()}
    assert units == pytest.approx({"p": 4 / 3, "q": 2 / 3}, abs=1e-6)
    assert found.campaigns.drop("units").rows() == [("win", 2, 0.5, "measured")]
    assert found.campaigns["units"].item() == pytest.approx(2, abs=1e-6)


def test_who_has_no_segment_or_one_without_orders_orders_as_everybody_does() -> None:
    lines = [line("ann", "1", 4), line("eve", "2", 1)]
    for who in ("eve", "new", "unknown"):
        found = coming(lines, [(who, "win")], [("win", 0.1, "rule")])
        assert found.units["campaign_units"].to_list() == pytest.approx([0.25])


def test_a_rule_without_an_uplift_adds_nothing_and_is_listed() -> None:
    found = coming([line("ann", "1", 4)], [("ann", "quiet")], [("quiet", None, "rule")])
    assert found.units.is_empty()
    assert found.campaigns.rows() == [("quiet", 1, None, None, 0.0)]


def test_a_campaign_that_keeps_people_from_buying_never_takes_more_than_others_add() -> None:
    chosen = [("ann", "good"), ("bob", "bad")]
    uplifts: list[tuple[str, float | None, str]] = [("good", 0.1, "measured")]
    found = coming([line("ann", "1", 10)], chosen, [*uplifts, ("bad", -0.3, "measured")])
    assert found.units.is_empty()
    assert dict(found.campaigns.select("rule", "units").rows()) == {"bad": -3.0, "good": 1.0}


def test_returns_old_orders_and_lines_of_nobody_are_not_in_the_mean() -> None:
    lines = [
        line("ann", "1", 5), line("ann", "1", -2), line("ann", "0", 90, age=182),
        line(None, "9", 70),
    ]  # fmt: skip
    found = coming(lines, [("ann", "win")], [("win", 1.0, "rule")])
    assert found.units["campaign_units"].to_list() == [3.0]


def test_without_receipts_a_day_is_an_order() -> None:
    lines = [line("ann", None, 1), line("ann", None, 2), line("ann", None, 3, age=9)]
    found = coming(lines, [("ann", "win")], [("win", 1.0, "rule")])
    assert found.units["campaign_units"].to_list() == [3.0]


def test_nobody_contacted_adds_nothing() -> None:
    found = coming([line("ann", "1", 4)], [], [("win", 0.1, "rule")])
    assert found.units.is_empty()
    assert found.campaigns.is_empty()


WHO = st.sampled_from(["ann", "bob", "eve"])
LINE = st.builds(
    line, WHO, st.sampled_from([None, "1", "2", "3"]), st.integers(-3, 9).map(float),
    st.sampled_from("pq"), st.integers(0, 250),
)  # fmt: skip
CHOSEN = st.tuples(st.sampled_from(["ann", "bob", "eve", "new"]), st.sampled_from("xyz"))
UPLIFT = st.one_of(st.none(), st.integers(-20, 40).map(lambda percent: percent / 100))


def person_by_person(
    lines: list[Line], chosen: set[tuple[str, str]], uplifts: dict[str, float | None]
) -> dict[str, float]:
    segments = dict(PEOPLE.rows())
    recent = [row for row in lines if (AS_OF - row[2]).days < 182]
    orders: dict[str | None, set[tuple[str | None, str]]] = defaultdict(set)
    units: dict[tuple[str | None, str], float] = defaultdict(float)
    for who, receipt, day, product, _, amount, _ in recent:
        for segment in {segments[str(who)], "all"} - {None}:
            units[segment, product] += amount
            if amount > 0:
                orders[segment].add((who, receipt or day.isoformat()))
    bought = {segment for (segment, _), amount in units.items() if amount > 0 and orders[segment]}
    total: dict[str, float] = defaultdict(float)
    for who, rule in sorted(chosen):
        own = segments[who] if segments[who] in bought else "all"
        for product in "pq":
            if units[own, product] > 0 and orders[own]:
                mean = units[own, product] / len(orders[own])
                total[product] += (uplifts.get(rule) or 0) * mean
    return {product: amount for product, amount in sorted(total.items()) if amount > 1e-5}


@settings(max_examples=50, deadline=None)
@given(
    lines=st.lists(LINE, max_size=14),
    chosen=st.sets(CHOSEN, min_size=1),
    uplifts=st.dictionaries(st.sampled_from("xyz"), UPLIFT),
    seed=st.integers(0, 9),
)
def test_it_is_what_adding_up_person_by_person_gives(
    lines: list[Line],
    chosen: set[tuple[str, str]],
    uplifts: dict[str, float | None],
    seed: int,
) -> None:
    stated = [(rule, uplift, "rule") for rule, uplift in uplifts.items()]
    found = coming(lines, sorted(chosen), stated)
    units = {row[0]: row[2] for row in found.units.rows() if row[2] > 1e-5}
    assert units == pytest.approx(person_by_person(lines, chosen, uplifts), abs=1e-5)
    mixed, who = list(lines), sorted(chosen)
    random.Random(seed).shuffle(mixed)  # noqa: S311  # a shuffle, no secret
    again = coming(mixed, who[::-1], stated[::-1])
    assert_frame_equal(found.units, again.units, check_exact=True)
    assert_frame_equal(found.campaigns, again.campaigns, check_exact=True)


def suggested(shop: SmallShop, units: float, product: str = "p") -> Suggestions:
    added = pl.DataFrame(
        [(product, None, units)],
        schema={"product_id": pl.String, "location": pl.String, "campaign_units": pl.Float64},
        orient="row",
    )
    rules = pl.DataFrame(
        [("win", 40, 0.1, "rule", units), ("quiet", 5, None, None, 0.0)],
        schema=["rule", "people", "uplift", "source", "units"],
        orient="row",
    )
    table = shop.table()
    both = Coming(added, rules)
    return suggest(table, pl.DataFrame(), Ordering(), AS_OF, digits=2, coming=both)


def chain(shop: SmallShop) -> dict[SourceName, pl.DataFrame]:
    """Two shops that count every fourth week, some shelves of which were empty for a while."""
    for number, units in enumerate((1, 2, 5, 1, 3, 8)):
        product = f"p{number}"
        shop.listed(product, unit_cost=400 + number, price=900, pack_size=2)
        for place in ("L", "M"):
            customer = "ann" if place == "L" else "new"
            weeks = [units + (week * number) % 3 for week in range(40)]
            empty = [
                0 if 20 <= week < 24 and place == "L" else sold for week, sold in enumerate(weeks)
            ]
            shop.sold(product, empty, price=901, customer=customer, location=place)
            for ago in range(0, 40, 4):
                on_hand = 0 if ago == 20 and place == "L" else number + 1
                day = AS_OF - ago * 7 * DAY
                shop.counted(product, on_hand, location=place, counted_on=day)
    assert shop.products is not None
    assert shop.stock is not None
    return {
        "purchases": pl.DataFrame(shop.sales, schema_overrides={"quantity": pl.Float64}),
        "products": pl.DataFrame(shop.products),
        "stock": pl.DataFrame(shop.stock),
    }


def night(frames: dict[SourceName, pl.DataFrame], contacted: Campaigns) -> Suggestions:
    budget = Ordering(budget=Decimal(150))
    return order_suggestions(
        frames,
        PEOPLE.with_columns(likelihood=0.5),
        [],
        budget,
        AS_OF,
        digits=2,
        campaigns=contacted,
    )


def test_a_night_of_counts_campaigns_and_a_budget_is_the_same_in_any_order(
    new_shop: type[SmallShop],
) -> None:
    frames = chain(new_shop())
    chosen = pl.DataFrame({"customer_id": ["ann", "bob", "new"], "rule": ["x", "x", "y"]})
    stated = pl.DataFrame([("x", 0.5, "rule"), ("y", 0.25, "measured")], UPLIFTS, orient="row")
    found = night(frames, Campaigns(chosen, stated))
    assert found.workings["campaign_units"].min() > 0  # type: ignore[operator]
    assert set(found.workings["days_out_of_stock"]) == {0, 4 * 7 - 1}
    assert 0 < found.lines["quantity"].sum() < found.workings["needed"].sum()
    for seed in range(3):
        mixed = {
            name: frame.sample(fraction=1, shuffle=True, seed=seed)
            for name, frame in frames.items()
        }
        again = night(mixed, Campaigns(chosen.reverse(), stated.reverse()))
        for part in ("lines", "workings", "campaigns", "by_category", "transfers"):
            assert_frame_equal(getattr(again, part), getattr(found, part), check_exact=True)


def test_the_next_week_orders_only_what_has_sold_since(new_shop: type[SmallShop]) -> None:
    first = new_shop().sold("p", [4] * 40).counted("p", 6).suggest().lines["quantity"].item()
    later = new_shop(as_of=AS_OF + 7 * DAY).sold("p", [4] * 41).counted("p", 2, on_order=first)
    assert first > 4
    assert later.suggest().lines["quantity"].item() == 4


def test_campaigns_raise_the_levels_by_their_share_and_its_spread(shop: SmallShop) -> None:
    shop.sold("p", [4] * 30).counted("p", 9)
    before, after = shop.suggest().lines.row(0, named=True), suggested(shop, 30)
    row, workings = after.lines.row(0, named=True), after.workings.row(0, named=True)
    assert workings["campaign_units"] == 21  # lead time and review are 21 of the 30 days
    assert workings["campaign_lead_units"] == 14
    z = norm.ppf(row["service_level"])
    assert row["order_up_to"] == pytest.approx(12 + 21 + z * math.sqrt(21))
    assert row["reorder_point"] == pytest.approx(8 + 14 + z * math.sqrt(14))
    assert row["stockout_risk"] == pytest.approx(norm.sf((9 - 22) / math.sqrt(14)))
    assert row["weekly_demand"] == before["weekly_demand"]
    assert " a week, +21 for tonight's campaigns; 9 on hand" in row["because"]


def test_the_whole_uplift_comes_in_where_the_cover_is_longer_than_its_30_days(
    shop: SmallShop,
) -> None:
    shop.sold("p", [4] * 30).listed("p", lead_time_days=60)
    workings = suggested(shop, 30).workings.row(0, named=True)
    assert (workings["campaign_units"], workings["campaign_lead_units"]) == (30, 30)


def test_the_notes_say_what_campaigns_add_and_which_state_nothing(shop: SmallShop) -> None:
    found = suggested(shop.sold("p", [4] * 30).counted("p", 9), 30)
    assert "Tonight's campaigns are expected to sell 30 units more within 30 days." in found.notes
    assert "Campaigns that state no uplift, and so add nothing to demand: quiet." in found.notes
    assert found.campaigns["rule"].to_list() == ["win", "quiet"]
