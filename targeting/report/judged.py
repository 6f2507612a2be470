"""What is told of each likelihood: the manifest's figures, and what the scores are made of."""

from __future__ import annotations

from collections.abc import Mapping

from targeting.customers.held import Rows
from targeting.report.reasons import commonest_reasons


def judged_models(
    manifest: Mapping[str, object],
    customers: Rows,
    trees: Mapping[str, Mapping[str, object]],
) -> dict[str, dict[str, object]]:
    """Give each likelihood's figures as the manifest has them, `reasons` (see there) and `tree`."""
    scores = manifest.get("scores")
    told = scores if isinstance(scores, Mapping) else {}
    return {
        str(name): {
            **(figures if isinstance(figures, Mapping) else {}),
            "reasons": commonest_reasons(customers, str(name)),
            **({"tree": trees[name]} if name in trees else {}),
        }
        for name, figures in told.items()
    }
