"""One fresh ledger a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from targeting.ledger.table import Ledger
from tests.ledger.kit import new_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return new_ledger(tmp_path)
