"""Somebody who is in a box: a plausible value for each field that the box narrows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from targeting.rules.axes import Value, between
from targeting.rules.boxes import YES, Box, Space, fields_of, operand
from targeting.rules.model import OtherField, Test
from targeting.workspace.catalogue import Field

Example = Mapping[Field, Value | tuple[str, ...] | None]

_MOST_TRIED = 400  # rows, where two fields are compared
_MOST_CELLS = 12  # of a field
_COST_OF_SEARCH, _COST_OF_ROW = 100, 8  # as long as so many meetings of boxes


def example(space: Space, box: Box) -> Example | None:
    """Make a row in a box, of the fields it narrows; None where none is found.

    Without a comparison of two fields in the box there always is one.

    Raises:
        TooMany: when it would take too long.
    """
    compared = {n: test for n in box if (test := space.parts[n].test) is not None}
    plain = _plain(space, box)
    space.spend(_COST_OF_SEARCH if compared else 0)
    for more in _tried(space, box, list(compared.values())):
        space.spend(_COST_OF_ROW if compared else 0)
        row = {**plain, **more}
        if all(_is_met(space, test, row) == (box[n] == YES) for n, test in compared.items()):
            return row
    return None


def _plain(space: Space, box: Box) -> dict[Field, Any]:
    """Take the best value of each field for itself."""
    found: dict[Field, Any] = {}
    absent: list[Field] = []
    for number, cells in box.items():
        part, axis = space.parts[number], space.axes[number]
        match part.kind:
            case "value":
                found[part.field] = next(axis.allowed(cells)).value
            case "member":
                has = (part.member,) if cells == YES else ()
                found[part.field] = (*found.get(part.field, ()), *has)
            case "absent":
                found.setdefault(part.field, ())
                absent += [part.field] if cells == YES else []
    return found | dict.fromkeys(absent)


def _tried(space: Space, box: Box, compared: Sequence[Test]) -> Iterator[dict[Field, Any]]:
    """List values of the fields that are compared with each other; nothing for lists."""
    fields = list({f.name: f for test in compared for f in fields_of(test)}.values())
    if any(field.type == "list" for field in fields):
        return iter(())
    sampled = {field: _sample(space, box, field) for field in fields}
    pools = [dict.fromkeys([*sampled[f], *itertools.chain(*sampled.values())]) for f in fields]
    choices = [
        [value for value in pool if space.axes[number].has(cells, value)]
        for pool, (number, cells) in zip(pools, _cells(space, box, fields), strict=True)
    ]
    rows = itertools.islice(itertools.product(*choices), _MOST_TRIED)
    return (dict(zip(fields, row, strict=True)) for row in rows)


def _cells(space: Space, box: Box, fields: Sequence[Field]) -> Iterator[tuple[int, int]]:
    for number in map(space.axis, fields):
        yield number, box.get(number, space.axes[number].full)


def _sample(space: Space, box: Box, field: Field) -> list[Any]:
    """Take a value of each cell, and others beside it where the cell is a stretch."""
    ((number, cells),) = _cells(space, box, [field])
    found: list[Any] = []
    for cell in itertools.islice(space.axes[number].allowed(cells), _MOST_CELLS):
        found.append(cell.value)
        if cell.ends is not None and isinstance(cell.value, Decimal):
            low, high = cell.ends
            found += [between(low, cell.value, 0), between(cell.value, high, 0)]
    return found


def _is_met(space: Space, test: Test, row: Mapping[Field, Any]) -> bool:
    known = [
        row[value.field] if isinstance(value, OtherField) else operand(space.reading, test, value)
        for value in test.values
    ]
    here = row[test.field]
    if here is None or any(one is None for one in known):
        return False
    return space.meets(test, known)(here)
