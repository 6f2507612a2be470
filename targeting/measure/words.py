"""One comparison as a line that a marketer reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from targeting.measure.comparison import Comparison
from targeting.measure.figures import ERROR, Count, Sample
from targeting.measure.needs import needed, visible
from targeting.measure.rates import ratio
from targeting.measure.verdict import CANNOT_TELL, HARMS, NO_DIFFERENCE, NOT_COMPARED, WORKS

_SMALL = 0.02  # rates below it are shown with two decimals


def line(found: Comparison, control: str) -> str:
    """Say it: `bought 4.2% of 1,200, held out 3.1% of 140: +1.1 points (-2.3 to +3.0): works`."""
    said = f"{found.outcome} {_seen(found, found.treated)}"
    if found.verdict == NOT_COMPARED:
        return f"{said}; not compared: {control} cannot have it"
    said += f", {control} {_seen(found, found.control)}" if found.control.n else ""
    effect = found.effect
    if found.open_until is not None:
        said += " so far"
    elif effect.difference is not None:
        said += f": {_change(found, effect.difference)}"
        if effect.low is not None and effect.high is not None:
            said += f" ({_number(found, effect.low)} to {_number(found, effect.high)})"
    after = _after(found, control)
    return f"{said}: {found.verdict}" + (f"; {after}" if after else "")


def worth_a_line(found: Sequence[Comparison]) -> list[Comparison]:
    """Leave out the segments of a rule that has one only, or whose window is open: nothing new."""
    segments: dict[tuple[str | None, str], set[str]] = {}
    for each in found:
        if each.segment is not None:
            segments.setdefault((each.rule, each.arm), set()).add(each.segment)
    several = {key for key, names in segments.items() if len(names) > 1}
    return [
        each
        for each in found
        if each.segment is None or ((each.rule, each.arm) in several and not each.open_until)
    ]


def _after(found: Comparison, control: str) -> str:
    """Say why it cannot be told, or how much it is."""
    match found.verdict:
        case verdict if verdict == CANNOT_TELL:
            return _why_not(found, control)
        case verdict if verdict == NO_DIFFERENCE:
            return f"one of {_size(found, found.sought)} would have shown" if found.sought else ""
        case verdict if verdict in (WORKS, HARMS):
            return _times(found, control)
    return ""


def _why_not(found: Comparison, control: str) -> str:
    if not found.control.n or not found.treated.n:
        return f"nobody is {control if found.treated.n else found.arm}"
    if found.open_until is not None:
        return f"the window of the last customer ends on {found.open_until}"
    if found.effect.p is None:
        return "too few, or all alike"
    if found.effect.leaves_zero_out and found.effect.p < ERROR:
        return f"clear alone, not as one of {found.family} comparisons"
    return "; ".join(_sizes(found, control))


def _sizes(found: Comparison, control: str) -> Iterator[str]:
    """Say which difference these sizes would show, and how many the one sought needs."""
    least, many = visible(found), needed(found)
    if least is not None:
        yield f"a difference of {_size(found, least)} would have shown"
    if found.sought is not None and many is not None and many > found.control.n:
        yield f"{many:,} {control} would be needed to see {_size(found, found.sought)}"


def _times(found: Comparison, control: str) -> str:
    match found.treated, found.control:
        case Count() as treated, Count() as other:
            times = ratio(treated, other)
            if times is not None:
                return "{:.2f} times {} ({:.2f} to {:.2f})".format(times[0], control, *times[1:])
    return ""


def _seen(found: Comparison, figure: Count | Sample) -> str:
    if figure.value is None:
        return "nobody"
    if not found.is_rate:
        return f"{figure.value:,.2f} a customer of {figure.n:,}"
    return f"{100 * figure.value:.{_decimals(found)}f}% of {figure.n:,}"


def _change(found: Comparison, difference: float) -> str:
    return _number(found, difference) + (" points" if found.is_rate else "")


def _number(found: Comparison, value: float) -> str:
    text = f"{100 * value:+.{_decimals(found)}f}" if found.is_rate else f"{value:+,.2f}"
    return text.replace("-", "+") if not float(text.replace(",", "")) else text  # no minus zero


def _size(found: Comparison, difference: float) -> str:
    if not found.is_rate:
        return f"{difference:,.2f}"
    points = f"{100 * difference:.2g}"
    return f"{points} point" + ("" if points == "1" else "s")


def _decimals(found: Comparison) -> int:
    values = [each.value for each in (found.treated, found.control) if each.value is not None]
    return 2 if max(values, default=0) < _SMALL else 1
