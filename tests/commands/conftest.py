"""A small shop in a folder of its own, for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.shop import ShopFolder, shop


@pytest.fixture(autouse=True)
def _as_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TARGETING_DEBUG", raising=False)


@pytest.fixture
def small(tmp_path: Path) -> ShopFolder:
    return shop(tmp_path / "shop")
