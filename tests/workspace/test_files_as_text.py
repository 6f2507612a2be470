"""The bytes of a file: UTF-8 with or without a mark, at most 1 MB, read by size before anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from targeting.workspace.yaml import read_yaml


def read(tmp_path: Path, raw: bytes) -> list[tuple[str, int, int, str]]:
    (tmp_path / "x.yaml").write_bytes(raw)
    found = read_yaml(tmp_path / "x.yaml", "x.yaml")[1]
    return [(p.code, p.place.line, p.place.column, p.message) for p in found]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_utf_8_is_read_with_and_without_a_mark(tmp_path: Path, mark: bytes) -> None:
    assert read(tmp_path, mark + "title: کراچی 🎁\n".encode()) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named(tmp_path: Path, encoding: str) -> None:
    assert read(tmp_path, "title: a\n".encode(encoding)) == [("Y009", 1, 1, "is UTF-16")]


def test_another_encoding_is_refused_where_it_shows(tmp_path: Path) -> None:
    assert read(tmp_path, "a: é\nb: ".encode() + b"caf\xe9\n") == [("Y009", 2, 7, "is not UTF-8")]
    assert read(tmp_path, b"a: \xed\xa0\x80\n") == [("Y009", 1, 4, "is not UTF-8")]


def test_a_large_file_is_refused_by_its_size(tmp_path: Path) -> None:
    assert read(tmp_path, b"#" * 1_000_001) == [("Y007", 1, 1, "larger than 1 MB")]
    assert read(tmp_path, b"#" * 1_000_000) == []


def test_a_folder_with_the_name_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").mkdir()
    (problem,) = read_yaml(tmp_path / "x.yaml", "x.yaml")[1]
    assert (problem.code, problem.message) == ("Y008", "is a folder, not a file")


def test_a_broken_link_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").symlink_to(tmp_path / "nowhere.yaml")
    (problem,) = read_yaml(tmp_path / "x.yaml", "x.yaml")[1]
    assert problem.code == "Y008"
