"""A replay in words that a planner reads: the table, what follows from it, and what to mind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from targeting.replay.backtest import AS_SET, DONE, SAME_FILL, SAME_FILL_RATE, Result, at_same_fill
from targeting.replay.opening import Opening
from targeting.replay.policies import AVERAGED_WEEKS, MEAN_WEEKS

NEAR = 0.005  # fill rates that are called the same
_HEADS = {
    AS_SET: "each as it is set",
    SAME_FILL: f"each turned until it serves {SAME_FILL_RATE:.0%}",
    DONE: "from the old counts of stock",
}


def table(results: Sequence[Result], currency: str, digits: int) -> Iterator[str]:
    """Print a line a policy: share served, stock-outs, stock, orders."""
    money = f"stock, {currency}"
    yield (
        f"{'':<28}{'setting':>9}{'served':>8}{'stock-outs':>12}{'stock, units':>14}{money:>16}"
        f"{'order lines':>13}{'a week':>8}{'ordered':>10}"
    )
    last = None
    for each in results:
        if each.at != last:
            yield _HEADS[each.at]
        last = each.at
        yield _line(each, digits)


def _line(each: Result, digits: int) -> str:
    served = "unknown" if each.fill_rate is None else f"{each.fill_rate:.1%}"
    setting = "" if each.setting is None else f"{each.setting:z.2f}"
    at_cost = each.average_stock_money
    money = "-" if at_cost is None else f"{at_cost / 10**digits:,.0f}"
    return (
        f"  {each.title:<26}{setting:>9}{served:>8}{each.stock_outs:>12,.0f}"
        f"{each.average_stock:>14,.0f}{money:>16}{each.order_lines:>13,.0f}"
        f"{each.lines_a_week:>8,.1f}{each.units_ordered:>10,.0f}"
    )


def columns() -> str:
    """Say what each column means."""
    return (
        "served: units sold of the units asked for. stock-outs: weeks in which a product ran out "
        "with buyers waiting, summed over products and locations. stock: on the shelf in the "
        "evening, on average, and at cost. setting: times the safety stock; or weeks of cover; or "
        "weeks beyond lead time and review."
    )


def conclusion(results: Sequence[Result]) -> str:
    """Compare at the same fill rate; say it where that cannot be done."""
    ours = at_same_fill(results, "suggestions")
    if ours is None:
        return f"These suggestions serve {SAME_FILL_RATE:.0%} with no amount of safety stock."
    others = [at_same_fill(results, name) for name in ("lead_cover", "cover", "moving_average")]
    said = [_beside(ours, other) for other in others if other is not None]
    if not said:
        return f"No other rule serves {SAME_FILL_RATE:.0%}, so there is nothing to compare."
    rates = [each.fill_rate for each in (ours, *others) if each and each.fill_rate is not None]
    if max(rates) - SAME_FILL_RATE > NEAR:
        return (
            f"No common fill rate of {SAME_FILL_RATE:.0%} can be reached: with so few lines or such"
            f" large packs the rules serve {min(rates):.1%} to {max(rates):.1%}, so their stock"
            " cannot be compared."
        )
    same = f"At the same fill rate of {SAME_FILL_RATE:.0%}, these suggestions hold "
    return same + "; ".join(said) + "."


def _beside(ours: Result, other: Result) -> str:
    stock = _than(ours.average_stock, other.average_stock, "less")
    lines = _than(ours.order_lines, other.order_lines, "fewer")
    return f"{stock} stock than '{other.title}'{_money(ours, other)} and place {lines} order lines"


def _money(ours: Result, other: Result) -> str:
    """Compare the money in it; say nothing where no cost is known."""
    mine, theirs = ours.average_stock_money, other.average_stock_money
    return "" if mine is None or theirs is None else f" ({_than(mine, theirs, 'less')} money in it)"


def _than(ours: float, other: float, less: str) -> str:
    """Say how much less or more, in whole percent."""
    change = round((ours / other - 1) * 100) if other else 0
    return f"{abs(change)}% {less if change <= 0 else 'more'}"


def caveats(opened: Opening, results: Sequence[Result]) -> Iterator[str]:
    """Say what the replay does not know, and which lines it is about."""
    shop = opened.shop
    yield (
        f"{shop.measured_weeks} weeks after {shop.warm_up} to settle in, {shop.lines.height:,} of"
        f" {opened.lines:,} products and locations; together these sold {opened.units_share:.1%}"
        " of the units; what was new or discontinued is left out"
    )
    yield "asked for is what was sold: nobody wrote down what was asked of an empty shelf"
    yield (
        "what a policy cannot serve is lost, and it sees only what it sold itself;"
        " deliveries come to the day"
    )
    yield (
        f"fixed covers are of the mean of {MEAN_WEEKS} weeks before; the average is of"
        f" {AVERAGED_WEEKS} weeks; all order at the same reviews, in the same packs,"
        " without a budget or a rule's limits"
    )
    if all(each.at != DONE for each in results):
        yield "of what was done nothing is known: the stock has no counts over half of these weeks"
    elif any(each.at == DONE and each.lines < shop.lines.height for each in results):
        done = next(each.lines for each in results if each.at == DONE)
        yield f"what was done is of the {done:,} counted products and locations only"
