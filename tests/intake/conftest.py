"""A small workspace in a folder, and what intake makes of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
import pytest

from targeting.intake.read import Read, read_sources
from targeting.problems import Problem, Refused, errors
from targeting.workspace.load import Workspace, load

Content = str | bytes | pl.DataFrame
TODAY = dt.date(2024, 6, 30)


class Shop:
    """A workspace made of texts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, settings: str, files: Mapping[str, Content]) -> Workspace:
        (self.folder / "targeting.yaml").write_text(settings, encoding="utf-8")
        for name, content in files.items():
            path = self.folder / name
            if isinstance(content, pl.DataFrame):
                content.write_parquet(path)
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        workspace, problems = load(self.folder)
        assert workspace is not None, problems
        assert not errors(problems), problems
        return workspace

    def read(
        self, settings: str, files: Mapping[str, Content], *, as_of: dt.date | None = None
    ) -> Read:
        return read_sources(self.write(settings, files), as_of=as_of, today=TODAY)

    def refused(self, settings: str, files: Mapping[str, Content]) -> tuple[Problem, ...]:
        with pytest.raises(Refused) as caught:
            self.read(settings, files)
        for problem in caught.value.problems:
            assert "Traceback" not in str(problem)
            assert "polars" not in str(problem).lower()
        return caught.value.problems

    def customers(
        self,
        file: str,
        content: Content,
        *,
        columns: str = "",
        fields: str = "",
        source: str = "",
        top: str = "",
    ) -> tuple[str, Mapping[str, Content]]:
        """Make the settings and files of a shop that has customers only."""
        lines = [top, "sources:", "  customers:", f"    file: {file}"]
        lines += [f"    columns: {{{columns}}}"] if columns else []
        lines += [f"    {line}" for line in source.splitlines()]
        lines += ["fields:", *(f"  {line}" for line in fields.splitlines())] if fields else []
        return "\n".join(lines) + "\n", {file: content}

    @staticmethod
    def reasons(read: Read) -> list[tuple[int, str | None, str]]:
        """List the rejects as (row, field, reason)."""
        return list(read.rejects.select("row", "field", "reason").iter_rows())

    @staticmethod
    def codes(problems: Sequence[Problem]) -> list[str]:
        """List the codes of problems."""
        return [problem.code for problem in problems]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)
