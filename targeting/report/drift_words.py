"""How far the customers have moved from those whom a likelihood was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from targeting.report.parts import mapping, rows_of
from targeting.report.speech import Speech


@dataclass(frozen=True)
class Moved:
    """A sentence, and a line for each field that moved."""

    reading: str
    lines: tuple[str, ...] = ()


def moved_inputs(manifest: Mapping[str, object], name: str, speech: Speech) -> list[Moved]:
    """Tell of tonight's customers, and of those of the last fit; nothing where it is not known."""
    since_fit = mapping(manifest.get("since_last_fit"))
    told = (
        (manifest.get("drift"), "since the model was made", "Since the model was made"),
        (since_fit.get("drift"), "between the last two fits", "Between the last two fits"),
    )
    found = [_moved(mapping(drift).get(name), when, begin, speech) for drift, when, begin in told]
    return [each for each in found if each is not None]


def _moved(drift: object, when: str, begin: str, speech: Speech) -> Moved | None:
    fields = rows_of(drift)
    if not fields:
        return None
    lines = tuple(str(row.get("said")) for row in fields if row.get("level") in ("some", "much"))
    if not lines:
        read = speech.count(len(fields), "field")
        return Moved(f"Of the {read} that it reads, nothing has moved more than a little {when}.")
    what = speech.count(len(lines), "field has", "fields have")
    return Moved(f"{begin} {what} moved (population stability index, PSI):", lines)
