"""The paper: the page's figures on A4 sheets, whatever people typed, the same bytes each time."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from targeting.report.chapters import chapters
from targeting.report.numbers import Night, analysis
from targeting.report.paper import paper, write_paper
from targeting.report.speech import Speech
from targeting.report.tonight import first_screen
from targeting.workspace.catalogue import Field
from tests.kit.shop import ROOT

Pages = Callable[[bytes], list[str]]


@pytest.fixture(scope="module")
def printed() -> dict[str, bytes]:
    """Papers made once."""
    return {}


@pytest.fixture
def full_paper(full_night: Night, printed: dict[str, bytes]) -> bytes:
    if "full" not in printed:
        printed["full"] = of(full_night)
    return printed["full"]


@pytest.fixture
def poppler(tmp_path: Path) -> Callable[..., str]:
    """A PDF's text, as pdftotext gives it with some options."""
    reader = shutil.which("pdftotext")
    if reader is None:
        reason = "poppler (pdftotext) is not installed"
        if os.environ.get("TARGETING_NO_SKIP"):
            pytest.fail(reason)
        pytest.skip(reason)

    def read(pdf: bytes, *options: str) -> str:
        (tmp_path / "read.pdf").write_bytes(pdf)
        command = [reader, *options, str(tmp_path / "read.pdf"), "-"]
        ran = subprocess.run(command, check=True, capture_output=True, timeout=60)
        return ran.stdout.decode("utf-8")

    return read


@pytest.fixture
def pages(poppler: Callable[..., str]) -> Pages:
    """The words of a PDF, page by page, with single spaces."""

    def read(pdf: bytes) -> list[str]:
        plain = poppler(pdf, "-raw").replace("\u200b", "")
        return [re.sub(r"\s+", " ", page) for page in plain.split("\f")[:-1]]

    return read


def of(night: Night) -> bytes:
    return paper(chapters(night, analysis(night)))


def test_the_first_page_says_the_first_screen(
    full_night: Night, full_paper: bytes, pages: Pages
) -> None:
    first = pages(full_paper)[0]
    tonight = first_screen(full_night, Speech(full_night.shop))
    assert " ".join(tonight.headline) in first
    for tile in (*tonight.people, *tonight.tiles):
        assert f"{tile.label} {tile.value}" in first or tile.value in first.split(" ")
    for finding in tonight.findings:
        assert finding.text in first
    for row in (*tonight.rules.rows, *tonight.reasons.rows, *tonight.data.rows):
        assert " ".join(row) in first


def test_every_table_and_sentence_of_the_page_stands_on_the_paper(
    full_night: Night, full_paper: bytes, pages: Pages
) -> None:
    words = " ".join(pages(full_paper))
    content: Any = chapters(full_night, analysis(full_night))
    likelihood = content["likelihoods"][0]
    figures = [*content["shop"], *content["stock"].figures, *likelihood.pictures]
    tables = [figure.table for figure in figures]
    tables += [likelihood.figures, content["first_analysis"].table, content["segments"].sizes]
    tables += [content["rejected"], content["stock"].lines, content["rules"][0].funnel]
    for table in tables:
        assert table.caption in words
        for row in table.rows:
            assert all(cell in words for cell in row)
    for said in (*(f.reading for f in figures), *likelihood.reading, content["segments"].reading):
        assert said in words


def test_every_page_but_the_first_says_of_what_it_is(full_paper: bytes, pages: Pages) -> None:
    read = pages(full_paper)
    assert 4 <= len(read) <= 10
    for number, page in enumerate(read, start=1):
        assert f"{number} of {len(read)}" in page
        assert "Tuesday, 24 November 2026" in page
        assert "Run 2026-11-24-00000000" in page
        assert "Corner Shop" in page


def test_the_same_night_gives_the_same_bytes_here_and_in_another_process(
    full_night: Night, full_paper: bytes, shuffled: Callable[[Night], Night]
) -> None:
    assert of(shuffled(full_night)) == full_paper
    code = (
        "import hashlib; from tests.report.conftest import FULL; from tests.report import test_paper;"
        " print(hashlib.sha256(test_paper.of(FULL)).hexdigest())"
    )
    env = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Karachi", "SOURCE_DATE_EPOCH": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=env,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.stdout.strip() == hashlib.sha256(full_paper).hexdigest(), ran.stderr


def test_only_letters_of_our_own_are_used(full_paper: bytes) -> None:
    fonts = set(re.findall(rb"/FontName */[A-Z]{6}\+([A-Za-z]+)", full_paper))
    assert fonts <= {b"IBMPlexSans", b"IBMPlexSansArabic", b"LibertinusSerif"}
    assert b"IBMPlexSans" in fonts


HOSTILE = (
    '#import "@preview/x:1.0.0": * #panic() $ x_1 $ @ref <label> *b* _i_ `r` = h // /* [c] {d}'
    " \\ ~ -- 😀 </text></svg> &amp; ' \""
)
NEVER_SHOWN = "\x01\x1b\ufffe\u202e"  # control characters, and one that turns all text around


def test_what_people_typed_is_text_and_never_markup(full_night: Night, pages: Pages) -> None:
    typed = f"{NEVER_SHOWN}{HOSTILE}\n{'W' * 200}"
    words = pl.lit(typed)
    lines = full_night.suggestions["lines"].with_columns(
        product=words, category=words, because=words, supplier=words
    )
    hostile = replace(
        full_night,
        shop=full_night.shop.model_copy(update={"name": typed}),
        run_id=typed,
        catalogue={**full_night.catalogue, "age": Field("age", "number", "customers", title=typed)},
        customers=full_night.customers.lazy().with_columns(segment=words).collect(),
        decisions=full_night.decisions.with_columns(segment=words, channel=words, reason=words),
        funnel=full_night.funnel.with_columns(line=words),
        rules=[{**rule, "title": typed, "owner": typed} for rule in full_night.rules],
        suggestions={"lines": lines},
        manifest={"rejected": {typed: {typed: 3}}, "scores": {typed: {"label": typed}}},
    )
    read = " ".join(pages(of(hostile))).replace(" ", "")
    # One may be cut by a page's end; as the title, an owner and a product it stands whole.
    assert read.count(HOSTILE.replace(" ", "") + "W" * 200) > 10


def test_urdu_is_joined_and_reads_as_it_was_typed(
    full_night: Night, poppler: Callable[..., str]
) -> None:
    def called(name: str) -> bytes:
        customers = full_night.customers.lazy().with_columns(segment=pl.lit(name)).collect()
        return of(replace(full_night, customers=customers))

    def breadth(pdf: bytes) -> float:
        word = r'xMin="([0-9.]+)"[^>]*xMax="([0-9.]+)"[^>]*>[^<]*[\u0600-\u06ff]'
        ends = re.findall(word, poppler(pdf, "-bbox"))
        return sum(float(end) - float(start) for start, end in ends)

    name = "دوبارہ آنے والے گاہک"
    joined, apart = called(name), called("\u200c".join(name))
    assert poppler(joined).count(name) >= 2
    assert 0 < breadth(joined) < 0.85 * breadth(apart)


def test_a_table_over_several_pages_repeats_its_heads(full_night: Night, pages: Pages) -> None:
    versions = {f"part_{k:03}": f"1.{k}" for k in range(150)}
    night = replace(full_night, manifest={**full_night.manifest, "versions": versions})
    read = pages(of(night))
    assert all(f"Part {k:03}" in " ".join(read) for k in range(150))
    with_rows = [page for page in read if re.search(r"Part \d{3}", page)]
    assert len(with_rows) >= 3
    assert all("SHA-256 begins" in page for page in with_rows)


def test_a_draft_says_so_on_every_page(full_night: Night, pages: Pages) -> None:
    first, *others = pages(of(replace(full_night, draft=True)))
    assert "This is a draft. Nothing is sent, ordered or remembered." in first
    assert all("Draft · Tuesday" in page for page in others)


def test_a_night_of_nothing_still_has_its_paper(empty_night: Night, pages: Pages) -> None:
    words = " ".join(pages(of(empty_night)))
    for sentence in (
        "Nobody is contacted.",
        "Nothing needs to be ordered.",
        "No rule fits any customer.",
        "No data was read.",
        "No warnings.",
        "There are no rules.",
        "Customers have no segments tonight.",
        "No likelihood is predicted tonight.",
        "There are no purchases and no numbers of customers to look at.",
        "There is no stock sheet tonight.",
        "No row was refused.",
    ):
        assert sentence in words


def test_a_paper_that_cannot_be_made_is_a_warning_and_loses_nothing(
    full_night: Night, tmp_path: Path
) -> None:
    content: Any = chapters(full_night, analysis(full_night))
    sales, *others = content["shop"]
    broken = content | {"shop": [replace(sales, svg='<svg width="9">'), *others]}
    (warning,) = write_paper(tmp_path / "report.pdf", broken)
    assert warning.severity == "warning"
    assert "report.pdf could not be made" in warning.message
    assert "report.html" in str(warning.help)
    assert not list(tmp_path.iterdir())
    assert write_paper(tmp_path / "report.pdf", content) == ()
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
