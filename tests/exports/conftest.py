"""LibreOffice, where it is installed: it computes a workbook's formulas without Excel."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook


@pytest.fixture(scope="module")
def recalculate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Have LibreOffice compute every formula of a workbook anew."""
    soffice = shutil.which("soffice")
    if soffice is None:
        reason = "LibreOffice (soffice) is not installed"
        if os.environ.get("TARGETING_NO_SKIP") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("libreoffice")

    def run(book: Path) -> Path:
        stale = folder / book.name  # without cached values, so that all of them are computed
        load_workbook(book).save(stale)
        profile = f"-env:UserInstallation=file://{folder}/profile"
        out = folder / "recalculated"
        command = [soffice, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out)]
        subprocess.run([*command, str(stale)], check=True, capture_output=True, timeout=120)
        return out / book.name

    return run
