"""The shop itself: sales, repeat purchases, who comes back, what moves together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from targeting.report.numbers import Night
from targeting.report.parts import Figure, Layout, Table, real, rows_of, title_of, whole
from targeting.report.parts import mapping as a_mapping
from targeting.report.pictures import Cell, Point, cohort_map, columns, line, link_map
from targeting.report.profiles import FEWEST
from targeting.report.speech import Speech

_MOST_COHORTS = 24
_MOST_FIELDS = 20
_MOST_PAIRS = 12
Row = Mapping[str, object]


def about_shop(night: Night, figures: Mapping[str, object], speech: Speech) -> list[Figure]:
    """Draw what the purchases and the customers' fields allow; nothing where there are none."""
    months = rows_of(a_mapping(figures.get("trends")).get("months"))
    drawn = [
        _sales(months, speech),
        _repeat(months, a_mapping(figures.get("trends")), speech),
        _cohorts(rows_of(figures.get("cohorts")), speech),
        _correlations(rows_of(figures.get("correlations")), night, speech),
    ]
    return [figure for figure in drawn if figure is not None]


def _title(name: str, night: Night) -> str:
    return title_of(name, night.catalogue.get(name))


def _sales(months: list[Row], speech: Speech) -> Figure | None:
    if not months:
        return None
    points = [
        Point(speech.short_month(_month(row)), real(row.get("sales")) or 0.0, not row["complete"])
        for row in months
    ]
    minor = 10**speech.shop.minor_digits
    svg = columns(
        "sales", points, lambda value: speech.short_money(value * minor), _that_fit(points)
    )
    table = Table(
        "Sales by month",
        ("Month", "Sales", "Orders", "Customers who bought", "Had bought before"),
        tuple(
            (
                speech.month(_month(row)) + ("" if row["complete"] else " (so far)"),
                speech.money((real(row.get("sales")) or 0.0) * minor),
                speech.number(whole(row.get("orders"))),
                speech.number(whole(row.get("active_customers"))),
                speech.percent(real(row.get("repeat_share"))),
            )
            for row in months
        ),
    )
    return Figure("sales", "Sales by month", _sales_reading(months, speech), svg, table)


def _month(row: Row) -> str:
    return str(row["month"])


def _that_fit(points: Sequence[Point]) -> list[str]:
    """Choose at most six labels for an axis, the last one among them."""
    step = next(s for s in (1, 2, 3, 6, 12, 24, 60, 1200) if len(points) <= 6 * s)
    return [point.label for point in points[::-1][::step]][::-1]


def _sales_reading(months: list[Row], speech: Speech) -> str:
    sales = [real(row.get("sales")) or 0.0 for row in months if row["complete"]]
    minor = 10**speech.shop.minor_digits
    for stretch, name in ((12, "twelve"), (3, "three")):
        if len(sales) < 2 * stretch:
            continue
        now, before = sum(sales[-stretch:]), sum(sales[-2 * stretch : -stretch])
        if before <= 0:
            continue
        told = speech.short_money(now * minor)
        change = now / before - 1
        if abs(change) < 0.005:
            return (
                f"Sales of the last {name} full months, {told}, equal those of the {name} before."
            )
        moved = "rose" if change > 0 else "fell"
        percent = speech.percent(abs(change))
        return (
            f"Sales {moved} by {percent} to {told} in the last {name} full months, against the"
            f" {name} before."
        )
    return "The history is too short to speak of a trend."


def _repeat(months: list[Row], trend: Row, speech: Speech) -> Figure | None:
    known = [row for row in months if real(row.get("repeat_share")) is not None]
    if not known:
        return None
    points = [
        Point(
            speech.short_month(_month(row)), real(row.get("repeat_share")) or 0, not row["complete"]
        )
        for row in known
    ]
    table = Table(
        "Customers of each month who had bought in an earlier month",
        ("Month", "Share", "Customers who bought"),
        tuple(
            (
                speech.month(_month(row)),
                speech.percent(real(row.get("repeat_share"))),
                speech.number(whole(row.get("active_customers"))),
            )
            for row in known
        ),
    )
    svg = line("repeat", points, speech.percent, _that_fit(points))
    return Figure("repeat", "Repeat purchases", _repeat_reading(known, trend, speech), svg, table)


def _repeat_reading(known: list[Row], trend: Row, speech: Speech) -> str:
    complete = [row for row in known if row["complete"]] or known
    last = complete[-1]
    text = (
        f"In {speech.month(_month(last))} {speech.percent(real(last.get('repeat_share')))} of the"
        " customers who bought had bought in an earlier month."
    )
    buyers = whole(trend.get("buyers"))
    if buyers:
        share = whole(trend.get("repeat_buyers")) / buyers
        text += f" Of all who ever bought, {speech.percent(share)} ordered more than once."
    return text


def _cohorts(cohorts: list[Row], speech: Speech) -> Figure | None:
    old = [row for row in cohorts if len(_shares(row)) > 1]
    newest = [row for row in old if whole(row["customers"]) >= FEWEST][-_MOST_COHORTS:]
    if not newest:
        return None
    width = min(_MOST_COHORTS, max(len(_shares(row)) for row in newest) - 1)
    cells = [
        Cell(str(k), _cohort_name(row, speech), share, speech.number(100 * share))
        for row in newest
        for k, share in enumerate(_shares(row)[1 : width + 1], start=1)
    ]
    order = ([str(k) for k in range(1, width + 1)], [_cohort_name(row, speech) for row in newest])
    svg = cohort_map("cohorts", cells, order)
    shown = f" Drawn are the newest {len(newest)} of {len(old)} months"
    shown += f", those with fewer than {FEWEST} new customers left out."
    return Figure(
        "cohorts",
        "Who comes back",
        _cohort_reading(cohorts, speech) + (shown if len(newest) < len(old) else ""),
        svg,
        _cohort_table(newest, speech),
        layout="wide",
    )


def _shares(row: Row) -> list[float]:
    shares = row.get("shares")
    return [float(share) for share in shares] if isinstance(shares, list) else []


def _cohort_name(row: Row, speech: Speech) -> str:
    return f"{speech.short_month(str(row['cohort']))} ({speech.number(whole(row['customers']))})"


def _returning(cohorts: list[Row], months: int) -> float | None:
    """Give the share of all new customers who bought in the n-th month after their first.

    Without the first month of the history, whose customers were not all new, and without the last
    month, which may run still.
    """
    seen = [row for row in cohorts[1:] if len(_shares(row)) > months + 1]
    people = sum(whole(row["customers"]) for row in seen)
    if not people:
        return None
    return sum(whole(row["customers"]) * _shares(row)[months] for row in seen) / people


def _cohort_reading(cohorts: list[Row], speech: Speech) -> str:
    text = (
        "A row is the customers who first bought in a month (how many), a column the months since"
        " then, a square the percentage of them who bought in that month."
    )
    soon, later = _returning(cohorts, 1), _returning(cohorts, 6)
    if soon is None:
        return text
    told = f"Of new customers, {speech.percent(soon)} buy in the month after their first purchase"
    told += f" and {speech.percent(later)} six months after it." if later is not None else "."
    return f"{told} {text}"


def _cohort_table(cohorts: list[Row], speech: Speech) -> Table:
    marks = (1, 2, 3, 6, 12)
    return Table(
        "Share of each month's new customers who bought again",
        ("First purchase", "Customers", *(f"Month {k} after" for k in marks)),
        tuple(
            (
                speech.month(str(row["cohort"])),
                speech.number(whole(row["customers"])),
                *(
                    speech.percent(shares[k] if len(shares := _shares(row)) > k else None)
                    for k in marks
                ),
            )
            for row in cohorts
        ),
    )


def _correlations(pairs: list[Row], night: Night, speech: Speech) -> Figure | None:
    strong = sorted(
        (row for row in pairs if real(row.get("r")) is not None),
        key=lambda row: (-abs(real(row["r"]) or 0.0), str(row["a"]), str(row["b"])),
    )
    if not strong:
        return None
    names = _fields_drawn(strong, night)
    every = {str(row[side]) for row in pairs for side in ("a", "b")}
    by_pair = {(str(row["a"]), str(row["b"])): real(row["r"]) for row in strong}
    titles = _titles(names, night)
    cells = []
    for i, a in enumerate(names):
        for b in names[:i]:
            r = by_pair.get((min(a, b), max(a, b)))
            if r is not None:
                text = speech.fixed(r, 2) if abs(r) >= 0.1 else ""
                cells.append(Cell(titles[b], titles[a], r, text))
    order = ([titles[n] for n in names[:-1]], [titles[n] for n in names[1:]])
    svg = link_map("correlations", cells, order)
    reading = _pair_reading(strong, night, speech)
    if len(every) > len(names):
        reading += (
            f" Drawn are the {len(names)} of {len(every)} fields with the strongest links; all"
            f" {speech.count(len(pairs), 'pair')} stand in analysis.json."
        )
    table = _pair_table(strong[:_MOST_PAIRS], len(strong), night, speech)
    layout: Layout = "wide beside" if len(names) <= 12 else "wide"
    return Figure("correlations", "What moves together", reading, svg, table, layout)


def _fields_drawn(strong: list[Row], night: Night) -> list[str]:
    """Take the fields of the strongest pairs while they fit, in the catalogue's order."""
    chosen: dict[str, None] = {}
    for row in strong:
        pair = [str(row["a"]), str(row["b"])]
        if len(chosen.keys() | set(pair)) <= _MOST_FIELDS:
            chosen |= dict.fromkeys(pair)
    position = {name: k for k, name in enumerate(night.catalogue)}
    return sorted(chosen, key=lambda name: (position.get(name, len(position)), name))


def _titles(names: list[str], night: Night) -> dict[str, str]:
    """Call each field by its title, or by its name where two share a title."""
    titles = {name: _title(name, night) for name in names}
    said = list(titles.values())
    return {n: t if said.count(t) == 1 else f"{t} ({n})" for n, t in titles.items()}


def _pair_reading(strong: list[Row], night: Night, speech: Speech) -> str:
    first = strong[0]
    r = real(first["r"]) or 0.0
    a, b = _title(str(first["a"]), night), _title(str(first["b"]), night)
    way = "high together" if r > 0 else "opposite: where one is high the other is low"
    return (
        f"{a} and {b} are linked most ({speech.fixed(r, 2)}): {way}. 1 is in step, 0 no link, -1"
        " opposite; fields that are computed from one another are linked by their making, and a"
        " link is not a cause."
    )


def _pair_table(rows: list[Row], every: int, night: Night, speech: Speech) -> Table:
    return Table(
        f"The strongest {len(rows)} of {speech.count(every, 'pair')}",
        ("Field", "And", "Correlation", "Customers"),
        tuple(
            (
                _title(str(row["a"]), night),
                _title(str(row["b"]), night),
                speech.fixed(real(row["r"]), 2),
                speech.number(whole(row["n"])),
            )
            for row in rows
        ),
        words=frozenset({1}),
    )
