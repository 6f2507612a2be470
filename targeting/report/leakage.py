"""Which of a likelihood's warnings say that a field knows the answer."""

from __future__ import annotations

from collections.abc import Mapping

from targeting.report.parts import rows_of

_CODES = ("L001", "L002", "L003")


def leaks(warning: Mapping[str, object]) -> bool:
    """Say whether a warning names a field that knows the answer."""
    return warning.get("code") in _CODES


def has_leak(model: Mapping[str, object]) -> bool:
    """Say whether any of a likelihood's warnings does."""
    return any(leaks(row) for row in rows_of(model.get("warnings")))
