"""A CSV that is read in stretches, wherever it is cut, has the records of the whole file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from targeting.frames import ROW
from targeting.intake.headers import Sought
from targeting.intake.opened import Cells, Opened, Origin, Stretch
from targeting.intake.sources import open_source
from targeting.intake.stretches import settled
from targeting.workspace.load import load

SETTINGS = """\
shop: {name: Corner shop, currency: USD, region: US, locale: en_US}
sources:
  customers: {file: people.csv, columns: {customer_id: id, note: note}}
fields: {note: {type: text}}
"""
HEADER = "id,note\n"
COLUMNS = {"customer_id": 0, "note": 1}
PLAIN = st.text("ab", max_size=3)
QUOTED = st.text('a",\n\r', max_size=6).map(lambda text: '"' + text.replace('"', '""') + '"')
INCHES = st.text('a"', max_size=3).map(lambda text: "a" + text)  # marks that are letters
ASTRAY = st.text('a",\n', max_size=5)
RECORDS = st.lists(
    st.lists(PLAIN | QUOTED | INCHES | ASTRAY, min_size=1, max_size=3).map(",".join), max_size=12
)


def opened(folder: Path, text: bytes) -> Opened:
    (folder / "targeting.yaml").write_text(SETTINGS)
    (folder / "people.csv").write_bytes(text)
    workspace, problems = load(folder)
    assert workspace is not None, problems
    path = folder / "people.csv"
    origin = Origin(workspace, "customers", path, "people.csv", replaced=False)
    return open_source(origin, Sought(workspace, "customers"))


def in_stretches(file: Opened, stretches: list[Stretch]) -> Cells:
    text = file.stretches
    assert text is not None
    found = settled(stretches, lambda asked: [text.goes_on(stretch) for stretch in asked])
    parts = [text.cells(COLUMNS, stretch) for stretch in found if stretch.start < stretch.end]
    before, frames, bad = 0, [], []
    for part in parts:
        frames.append(part.frame.with_columns(pl.col(ROW) + before))
        bad.append(part.bad_lines.with_columns(pl.col(ROW) + before))
        before += part.rows
    return Cells(pl.concat(frames), pl.concat(bad))


@settings(deadline=None)
@given(records=RECORDS, ending=st.sampled_from(["\n", "\r\n"]), end=st.booleans(), data=st.data())
@example(records=['a,"b\nc"', "a,b"], ending="\n", end=True, data=None)
@example(records=['a,"b', "a,b", 'a,b"', '"a\n",b'], ending="\n", end=False, data=None)
@example(records=[',,"', '"', ',"a","', '"'], ending="\n", end=True, data=None)
def test_stretches_have_the_records_of_the_whole_file(
    records: list[str], ending: str, end: bool, data: st.DataObject | None
) -> None:
    body = ending.join(records) + (ending if end else "")
    text = (HEADER + body).encode()
    lines = [len(HEADER), *(at + 1 for at in range(len(HEADER), len(text)) if text[at] == 10)]
    cuts = [at for at in lines if at < len(text)]
    if data is not None and cuts:
        cuts = sorted({cuts[0], *data.draw(st.sets(st.sampled_from(cuts)))})
    with tempfile.TemporaryDirectory() as folder:
        file = opened(Path(folder), text)
        whole = file.cells(COLUMNS)
        if not cuts:
            assert file.stretches is not None
            assert file.stretches.cut(3) == []
            assert whole.rows == 0
            return
        parts = in_stretches(file, list(map(Stretch, cuts, [*cuts[1:], len(text)])))
        assert file.pieces is not None
        pieces = list(file.pieces(COLUMNS, 2))
    assert pl.concat(piece.frame for piece in pieces).rows() == whole.frame.rows()
    assert pl.concat(piece.bad_lines for piece in pieces).rows() == whole.bad_lines.rows()
    assert parts.frame.rows() == whole.frame.rows()
    assert parts.bad_lines.rows() == whole.bad_lines.rows()


def test_no_record_is_longer_than_8_mb(tmp_path: Path) -> None:
    note = ("x" * 1000 + "\n") * 9_000
    file = opened(tmp_path, f'{HEADER}C1,"{note}"\nC2,"short\nnote"\n'.encode())
    whole = file.cells(COLUMNS)
    assert whole.frame["customer_id"].to_list() == ["C2"]
    assert whole.bad_lines.height == 9_001
    assert file.stretches is not None
    parts = in_stretches(file, file.stretches.cut(200))
    assert parts.frame.rows() == whole.frame.rows()
    assert parts.bad_lines.rows() == whole.bad_lines.rows()


def test_a_large_file_is_cut_at_ends_of_lines_and_a_small_one_is_not(tmp_path: Path) -> None:
    lines = [f'{number},"first\nsecond {number}"\n' for number in range(20_000)]
    file = opened(tmp_path, (HEADER + "".join(lines)).encode())
    assert file.stretches is not None
    cuts = file.stretches.cut(4)
    assert len(cuts) == 4
    assert cuts[0].start == len(HEADER)
    assert [cut.end for cut in cuts[:-1]] == [cut.start for cut in cuts[1:]]
    assert any(file.stretches.goes_on(cut) for cut in cuts)
    cells = in_stretches(file, cuts)
    assert cells.bad_lines.is_empty()
    assert cells.frame.rows() == file.cells(COLUMNS).frame.rows()
    assert len(opened(tmp_path, (HEADER + lines[0]).encode()).stretches.cut(4)) == 1  # type: ignore[union-attr]
