"""Who changed segment: one sentence, and a table of before and now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from targeting.report.parts import Table, mapping, real, rows_of, whole
from targeting.report.speech import Speech

_Moves = Mapping[tuple[str | None, str | None], int]  # customers by segment before and now


@dataclass(frozen=True)
class Movement:
    """Who changed segment, ready to be shown; where nobody did, the sentence is enough."""

    reading: str
    table: Table | None


def moved_customers(
    changed: object, *, begin: str, caption: str, speech: Speech
) -> Movement | None:
    """Show the manifest's {share_changed, movement}; None where there is none.

    `begin` begins the sentence: In the last 30 days.
    """
    told = mapping(changed)
    moves: _Moves = {
        (_name(row.get("before")), _name(row.get("now"))): whole(row.get("customers"))
        for row in rows_of(told.get("movement"))
    }
    if not moves:
        return None
    still = all(before == now for before, now in moves)
    table = None if still else _matrix(moves, caption, speech)
    return Movement(_reading(moves, told, begin, speech), table)


def _name(value: object) -> str | None:
    return None if value is None else str(value)


def _reading(moves: _Moves, told: Mapping[str, object], begin: str, speech: Speech) -> str:
    share = real(told.get("share_changed"))
    if share is None:
        return f"{begin} nobody was in a segment both times."
    if not share:
        return f"{begin} nobody changed segment."
    among = sum(n for (before, now), n in moves.items() if None not in (before, now))
    changed = {
        (before, now): n
        for (before, now), n in moves.items()
        if before is not None and now is not None and before != now
    }
    text = (
        f"{begin} {speech.percent(share)} of {speech.count(among, 'customer')} changed segment"
        f" ({speech.number(sum(changed.values()))})"
    )
    if not changed:
        return text + "."
    (before, now), n = min(changed.items(), key=lambda move: (-move[1], move[0]))
    return f"{text}; the commonest move is from {before} to {now} ({speech.number(n)})."


def _matrix(moves: _Moves, caption: str, speech: Speech) -> Table:
    """Lay out segments before (rows) by segments now (columns); who was in none comes last."""
    names = sorted({name for move in moves for name in move if name is not None})
    rows: list[str | None] = [*names, *([None] if any(b is None for b, _ in moves) else [])]
    heads: list[str | None] = [*names, *([None] if any(n is None for _, n in moves) else [])]
    sums = [sum(moves.get((before, now), 0) for before in rows) for now in heads]
    return Table(
        caption,
        ("Before, and now", *(now or "In none now" for now in heads), "All"),
        tuple(
            (
                before or "In none before",
                *(speech.number(moves.get((before, now), 0)) for now in heads),
                speech.number(sum(moves.get((before, now), 0) for now in heads)),
            )
            for before in rows
        ),
        foot=("All", *map(speech.number, sums), speech.number(sum(sums))),
        note="Where row and column have one name: who stayed.",
    )
