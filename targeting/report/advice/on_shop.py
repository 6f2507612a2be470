"""Advice on the shop and its data: fewer who come back, rows that are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from targeting.report.advice.piece import Advice, share_of_customers
from targeting.report.numbers import Night
from targeting.report.parts import mapping, real, rows_of, title_of, whole
from targeting.report.speech import Speech

_MONTHS, _YEAR = 3, 12
_POINTS = 0.03  # by which the share falls before it is told
_REFUSED, _FEWEST = 0.01, 10  # of a source's rows, and how many at least
_NAMELESS = 0.1  # of the purchase lines

Row = Mapping[str, object]


def on_shop(night: Night, figures: Mapping[str, object], speech: Speech) -> Iterator[Advice]:
    """Look at repeat purchases and at what was refused on the way in."""
    yield from _fewer_come_back(night, figures, speech)
    yield from _refused(night, speech)
    yield from _nameless(night, speech)


def _fewer_come_back(
    night: Night, figures: Mapping[str, object], speech: Speech
) -> Iterator[Advice]:
    """Compare the last three whole months with those of a year before, else with the three before.

    More newcomers make the share fall too: it is told where the number that came back fell as well.
    """
    months = [r for r in rows_of(mapping(figures.get("trends")).get("months")) if r["complete"]]
    back = _YEAR if len(months) >= _YEAR + _MONTHS else _MONTHS
    now, before = months[-_MONTHS:], months[-_MONTHS - back : len(months) - back]
    if len(before) < _MONTHS:
        return
    (buyers, came), (buyers_before, came_before) = _who_came(now), _who_came(before)
    if not buyers or not buyers_before or came >= came_before:
        return
    share, share_before = came / buyers, came_before / buyers_before
    if share_before - share < _POINTS:
        return
    when = "a year before" if back == _YEAR else "in the three months before"
    yield Advice(
        do="Bring more customers back: fewer of those who buy have bought before.",
        because=f"In the last three whole months {speech.percent(share)} of a month’s customers had"
        f" bought in an earlier one, {when} {speech.percent(share_before)}; their number fell from"
        f" {speech.number(came_before / _MONTHS)} to {speech.number(came / _MONTHS)} a month.",
        where="rules/retention",
        touches=share_of_customers((came_before - came) / _MONTHS, night),
    )


def _who_came(months: Sequence[Row]) -> tuple[int, float]:
    """Add up a month's customers, and those of them who had bought before."""
    buyers = [whole(row.get("active_customers")) for row in months]
    shares = [real(row.get("repeat_share")) or 0.0 for row in months]
    came = sum(round(n * share) for n, share in zip(buyers, shares, strict=True))
    return sum(buyers), came


def _refused(night: Night, speech: Speech) -> Iterator[Advice]:
    inputs = rows_of(night.manifest.get("inputs"))
    read = {str(row.get("name")): whole(row.get("rows")) for row in inputs}
    for source, reasons in sorted(mapping(night.manifest.get("rejected")).items()):
        by_reason = sorted(
            ((whole(rows), str(reason)) for reason, rows in mapping(reasons).items()),
            key=lambda row: (-row[0], row[1]),
        )
        refused, rows = sum(n for n, _ in by_reason), read.get(source, 0)
        if not rows or refused < _FEWEST or refused <= _REFUSED * rows:
            continue
        most, reason = by_reason[0]
        yield Advice(
            do=f"Mend what is refused of {source}, most often for: {title_of(reason).lower()}.",
            because=f"{speech.count(refused, 'row')} of {speech.number(rows)}"
            f" ({speech.percent(refused / rows)}) were refused and count for nothing;"
            f" {speech.number(most)} for this reason.",
            where="rejects.csv names every row",
            touches=refused / rows,
        )


def _nameless(night: Night, speech: Speech) -> Iterator[Advice]:
    lines, nameless = night.trade.lines, whole(night.manifest.get("without_customer"))
    if not lines or nameless < max(_FEWEST, _NAMELESS * lines):
        return
    share = min(1.0, nameless / lines)
    yield Advice(
        do="Ask for the customer at the till: a card, an address, a receipt by email.",
        because=f"{speech.count(nameless, 'purchase line names', 'purchase lines name')} no"
        f" customer ({speech.percent(share)}): nobody can be thanked for them or asked back.",
        where="the source purchases, customer_id",
        touches=share,
    )
