"""Each written file is read again and held to its destination's promises."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from targeting.exports.contacts import write_contacts
from targeting.exports.files import Written
from targeting.exports.suggestions import write_suggestions
from targeting.exports.verify import verify
from targeting.workspace.destinations import Destination
from targeting.workspace.settings import Shop

SHOP = Shop(currency="PKR", region="PK", locale="en_PK")
FORM = {
    "csv": {"delimiter": ";", "encoding": "utf-8", "newline": "lf"},
    "columns": [
        {"id": {"field": "customer_id", "required": "yes"}},
        {"mail": {"field": "email", "normalise": "email", "hash": "sha256"}},
        {"phone": {"field": "phone", "normalise": "e164"}},
        {"name": {"field": "first_name"}},
        {"spent": {"field": "spent"}},
        {"land": {"value": "pk"}},
    ],
    "split_at": "2 rows",
}
DESTINATION = Destination.model_validate(FORM)
HASH = "2a539d6520266b56c3b0c525b9e6128858baeccb5ee9b694a2906e123c8d6dd3"
GOOD = f"id;mail;phone;name;spent;land\nC1;{HASH};+923001234567;'=1;-5.0;pk\nC2;;;;;pk\n"
WRITTEN = [Written("exports/mail/r/s.csv", 2)]


def contacts(*names: str | None) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "customer_id": f"C{number}", "first_name": name, "email": "a@example.com",
                "phone": "0300 1234567", "spent": -1e20, "rule": "back", "kind": "retention",
                "segment": "Steady", "likelihood": 0.5, "channel": "email", "address": "a",
                "offer": None, "message": "Line\r\nline; \"q\"", "because": "so",
            }
            for number, name in enumerate(names)
        ],
        schema_overrides={"first_name": pl.String, "offer": pl.String},
    )  # fmt: skip


def look(folder: Path, text: str, files: list[Written] = WRITTEN) -> None:
    path = folder / files[0].path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    verify(folder, files, {"mail": DESTINATION})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("reader", ["person", "machine"])
def test_what_the_program_writes_keeps_its_promises(
    tmp_path: Path, encoding: str, reader: str
) -> None:
    form = FORM | {"csv": {"encoding": encoding}, "formats": ["csv", "xlsx"], "read_by": reader}
    columns = [*DESTINATION.columns, {"message": {"field": "message"}}, {"=h": {"field": "offer"}}]
    every = {
        "mail": Destination.model_validate(form | {"columns": columns}),
        "names": Destination.model_validate({"columns": [{"n": {"field": "first_name"}}],
                                             "formats": ["csv", "xlsx"]}),
        "erp": Destination.model_validate({"of": "suggestions", "formats": ["csv", "xlsx"],
                                           "columns": [{"sku": {"field": "product_id"}}]}),
    }  # fmt: skip
    people = contacts("Zoë", "=1", None, None, "x")
    files, _ = write_contacts(tmp_path, people, every, shop=SHOP, texts={}, draft=False)
    lines = pl.DataFrame({"product_id": [], "location": [], "quantity": []})
    lines = lines.cast({"product_id": pl.String, "location": pl.String, "quantity": pl.Int64})
    files += write_suggestions(tmp_path, lines, every, shop=SHOP, draft=False)[0]
    assert {file.path.split("/")[-2] for file in files} == {"back", "erp"}
    verify(tmp_path, files, every)


def test_a_file_that_is_right_is_passed(tmp_path: Path) -> None:
    look(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda t: t.replace("name;", "email;"), "the headers"),
        (lambda t: t.replace("land\n", "land;email\n").replace("pk\n", "pk;a@b.c\n"), "the headers"),
        (lambda t: t.replace("'=1", "=1"), "a formula under 'name'"),
        (lambda t: t.replace("'=1", "＝1"), "a formula under 'name'"),
        (lambda t: t.replace(HASH, "a@example.com"), "no sha256 under 'mail'"),
        (lambda t: t.replace(HASH, HASH.upper()), "no sha256 under 'mail'"),
        (lambda t: t.replace("+923001234567", "0300 1234567"), "no e164 under 'phone'"),
        (lambda t: t.replace("pk\nC2", "in\nC2"), "another value under 'land'"),
        (lambda t: t.replace("C2", " "), "nothing under 'id'"),
        (lambda t: t + "C3;;;;;pk\n", "3 rows and not 2"),
        (lambda t: t.replace("C2;;;;;pk\n", ""), "1 rows and not 2"),
        (lambda t: "\ufeff" + t, "its first bytes"),
        (lambda t: t.replace("\n", "\r\n")[:-2] + "\r", "its last line ends otherwise"),
    ],
)  # fmt: skip
def test_each_broken_promise_is_named_with_its_file(
    tmp_path: Path, edit: Callable[[str], str], said: str
) -> None:
    with pytest.raises(RuntimeError, match=f"exports/mail/r/s.csv is not .*{said}"):
        look(tmp_path, edit(GOOD))


def test_no_value_of_a_customer_is_in_the_message(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError) as error:
        look(tmp_path, GOOD.replace(HASH, "ayesha@example.com"))
    assert "ayesha" not in str(error.value)


def test_more_rows_than_the_destination_takes_are_seen(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="3 rows"):
        look(tmp_path, GOOD + "C3;;;;;pk\n", [Written("exports/mail/r/s.csv", 3)])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"<is><t>Zo\xc3\xab</t></is>", b"<f>1+1</f><v>2</v>", "a cell with a formula"),
        (b"Zo\xc3\xab", b"=1+1", "a formula under 'name'"),
        (b"mail</t>", b"post</t>", "the headers"),
    ],
)
def test_a_workbook_is_looked_into(tmp_path: Path, old: bytes, new: bytes, said: str) -> None:
    every = {"mail": Destination.model_validate(FORM | {"formats": ["xlsx"]})}
    files, _ = write_contacts(tmp_path, contacts("Zoë"), every, shop=SHOP, texts={}, draft=False)
    files = [file for file in files if file.path.endswith(".xlsx")]
    verify(tmp_path, files, every)
    _replace(tmp_path / files[0].path, old, new)
    with pytest.raises(RuntimeError, match=said):
        verify(tmp_path, files, every)


def _replace(book: Path, old: bytes, new: bytes) -> None:
    """Change a workbook's sheet as a faulty writer might have written it."""
    before = book.with_suffix(".old")
    shutil.move(book, before)
    changed = 0
    with zipfile.ZipFile(before) as parts, zipfile.ZipFile(book, "w") as packed:
        for part in parts.namelist():
            data = parts.read(part)
            changed += old in data
            packed.writestr(part, data.replace(old, new))
    assert changed == 1
