"""What one comparison lacks: the size that would show the difference sought, and what shows now."""

from __future__ import annotations

from targeting.measure.comparison import Comparison
from targeting.measure.figures import Count, Sample
from targeting.measure.means import spreads_of
from targeting.measure.sizes import (
    control_for_means,
    control_for_rates,
    visible_mean,
    visible_rate,
)


def needed(found: Comparison) -> int | None:
    """Say how many the control must hold to see the difference sought, at the ratio at hand."""
    treated, control, sought = found.treated, found.control, found.sought
    if not treated.n or not control.n or sought is None:
        return None
    share = treated.n / control.n
    match treated, control:
        case Count(), Count():
            assert control.value is not None
            return control_for_rates(control.value, sought, share)
        case Sample(), Sample() if (spreads := spreads_of(treated, control)) is not None:
            return control_for_means(spreads[1], spreads[0], sought, share)
    return None


def visible(found: Comparison) -> float | None:
    """Give the smallest difference that the sizes at hand show four times in five; None: none."""
    match found.treated, found.control:
        case Count() as treated, Count() as control if control.value is not None:
            return visible_rate(control.value, treated.n, control.n)
        case Sample() as treated, Sample() as control:
            spreads = spreads_of(treated, control)
            if spreads is not None:
                return visible_mean(spreads[1], spreads[0], treated.n, control.n)
    return None
