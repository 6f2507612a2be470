"""The key file: made once, for its owner only; never another one in its place."""

from __future__ import annotations

import hashlib
import hmac
import stat
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.ledger.key import hmac_of, make_key, read_key
from targeting.ledger.table import find_ledger, open_ledger
from targeting.problems import Refused
from tests.ledger.kit import new_ledger


@given(
    st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), min_size=1),
    st.text("0123456789abcdef", min_size=64, max_size=64),
)
def test_the_hash_is_hmac_sha256_of_the_utf8_text(texts: list[str | None], key: str) -> None:
    found = pl.DataFrame({"id": pl.Series(texts, dtype=pl.String)}).select(
        hmac_of(pl.col("id"), key)
    )
    expected = [
        None if text is None else hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
        for text in texts
    ]
    assert found.to_series().to_list() == expected


def test_the_first_run_makes_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    new_ledger(tmp_path)
    key_file = tmp_path / "ledger.key"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert len(read_key(key_file)) == 64
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger", "ledger.key"]


def test_a_key_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    key_file = tmp_path / "sub" / "ledger.key"
    first = make_key(key_file)
    assert make_key(key_file) == first
    assert open_ledger(str(tmp_path / "ledger"), key_file).key == first


def test_two_shops_have_different_keys(tmp_path: Path) -> None:
    assert make_key(tmp_path / "a") != make_key(tmp_path / "b")


def test_a_missing_key_refuses_the_run_and_makes_no_new_one(tmp_path: Path) -> None:
    new_ledger(tmp_path)
    (tmp_path / "ledger.key").unlink()
    with pytest.raises(Refused, match="L101"):
        new_ledger(tmp_path)
    assert not (tmp_path / "ledger.key").exists()


def test_the_key_of_another_ledger_refuses_the_run(tmp_path: Path) -> None:
    new_ledger(tmp_path)
    other = tmp_path / "other.key"
    make_key(other)
    with pytest.raises(Refused, match="L102"):
        find_ledger(str(tmp_path / "ledger"), other)


@pytest.mark.parametrize("content", [b"", b"hunter2\n", b"\xff" * 64, b"0" * 63, b"0" * 65])
def test_a_file_that_holds_no_key_is_said_to(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ledger.key").write_bytes(content)
    with pytest.raises(Refused, match="L103"):
        new_ledger(tmp_path)


def test_a_folder_in_the_place_of_the_key_is_a_problem_not_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "ledger.key").mkdir()
    with pytest.raises(Refused, match="L103"):
        new_ledger(tmp_path)


def test_a_key_inside_the_ledgers_folder_is_refused_for_forget_would_erase_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(Refused, match="L103"):
        open_ledger(str(tmp_path / "ledger"), tmp_path / "ledger" / "x.key")
    assert not (tmp_path / "ledger").exists()


def test_the_key_is_in_no_representation(tmp_path: Path) -> None:
    ledger = new_ledger(tmp_path)
    assert ledger.key not in repr(ledger)
