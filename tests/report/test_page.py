"""The page: one file that asks the network for nothing, and says the same each time."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from targeting.report.numbers import Night, analysis
from targeting.report.page import page, write_report
from targeting.report.sales import Trade
from targeting.workspace.catalogue import Field


class Elements(HTMLParser):
    """Every element of a page, with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    """Pages made once."""
    return {}


@pytest.fixture
def full_page(full_night: Night, drawn: dict[str, str]) -> str:
    if "full" not in drawn:
        drawn["full"] = page(full_night, analysis(full_night))
    return drawn["full"]


def test_the_same_night_gives_the_same_bytes_in_any_order_of_rows(
    full_night: Night, shuffled: Callable[[Night], Night], full_page: str, tmp_path: Path
) -> None:
    other = shuffled(full_night)
    figures = analysis(other)
    assert json.dumps(figures) == json.dumps(analysis(full_night))
    write_report(tmp_path / "report.html", other, figures)
    assert (tmp_path / "report.html").read_bytes() == full_page.encode()


def test_analysis_can_be_written_as_json(full_night: Night) -> None:
    figures = json.loads(json.dumps(analysis(full_night), allow_nan=False))
    assert list(figures) == [
        "run_id",
        "as_of",
        "correlations",
        "linear_regression",
        "trends",
        "cohorts",
        "segments",
        "overlap",
        "models",
    ]
    assert figures["linear_regression"]["r2"] == -0.01
    assert len(figures["correlations"]) == 15


def test_the_page_asks_for_nothing(full_page: str) -> None:
    assert "http://" not in full_page
    assert "https://" not in full_page
    assert "@import" not in full_page
    assert not re.search(r"url\((?!#)", full_page)
    for tag, attributes in Elements(full_page).found:
        assert tag not in ("script", "link", "img", "iframe", "object", "embed", "form", "base")
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on")]
    assert "default-src 'none'" in full_page


def test_no_customer_is_named(full_page: str) -> None:
    assert "secret-" not in full_page
    assert "Zubaida" not in full_page


def test_each_id_stands_once_and_each_link_has_its_end(full_page: str) -> None:
    elements = Elements(full_page).found
    ids = Counter(attributes["id"] for _, attributes in elements if "id" in attributes)
    assert set(ids.values()) == {1}
    for _, attributes in elements:
        for name in ("href", "aria-labelledby"):
            target = attributes.get(name)
            assert target is None or target.removeprefix("#") in ids


def test_each_picture_is_said_in_a_sentence_and_a_table(full_page: str) -> None:
    elements = Elements(full_page).found
    tags = Counter(tag for tag, _ in elements)
    said = [a["aria-label"] for _, a in elements if a.get("role") == "img"]
    assert tags["svg"] == tags["figure"] == tags["figcaption"] == len(said) == 9
    assert all(label and len(label) > 40 for label in said)
    for figure in re.findall(r"<figure.*?</figure>", full_page, re.S):
        assert "<table" in figure


def test_headings_go_down_one_step_at_a_time(full_page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Elements(full_page).found if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_every_table_has_a_caption_and_its_heads(full_page: str) -> None:
    for table in re.findall(r"<table.*?</table>", full_page, re.S):
        assert "<caption>" in table
        assert 'scope="col"' in table
        assert "<tbody>" in table


def test_what_was_bridged_in_the_data_is_said(full_page: str) -> None:
    assert "2 cells of age in customers filled." in full_page
    assert "1 purchase line names no customer" in full_page


def test_months_with_too_few_new_customers_are_not_drawn(full_page: str) -> None:
    assert "Drawn are the newest 1 of 3 months" in full_page
    assert "Sept 26 (6)" in full_page
    assert "Aug 26 (2)" not in full_page


def test_a_likelihood_says_on_how_many_it_was_judged(full_page: str) -> None:
    assert "Judged on 12 customers that the model had not seen: 50% of them did." in full_page


def test_leakage_is_said_before_any_figure_of_the_likelihood(full_page: str) -> None:
    chapter = full_page[full_page.index('id="likelihood-1"') :]
    assert chapter.index("Do not rely on this likelihood yet") < chapter.index("<figure")


def test_nothing_undefined_reaches_the_page(full_page: str) -> None:
    shown = re.sub(r"<[^>]*>", " ", full_page.partition("</style>")[2])
    assert not re.search(r"\b(None|nan|NaN|inf|null)\b", shown)


def test_a_manifest_of_an_earlier_version_still_has_its_page(full_night: Night) -> None:
    older = {
        "model": "cart",
        "label": "buys within 30 days",
        "judged": 12,
        "base_rate": 0.5,
        "auc": 0.8,
        "baselines": {"recency": {"auc": 0.7}},
        "warnings": [],
    }
    manifest = {"scores": {"likelihood": older}, "segments": [{"name": "Loyal", "size": 6}]}
    night = replace(full_night, manifest=manifest)
    html = page(night, analysis(night))
    assert "Judged on 12 customers that the model had not seen: 50% of them did." in html
    assert "Best of the simpler ways: days since the last purchase, with an AUC of 0.700." in html
    assert "Fitted again on other samples" not in html


def test_a_draft_says_so(full_night: Night, full_page: str, empty_night: Night) -> None:
    assert "This is a draft" not in full_page
    draft = replace(empty_night, draft=True)
    assert "This is a draft" in page(draft, analysis(draft))


def test_a_night_of_nothing_still_has_its_page(empty_night: Night) -> None:
    html = page(empty_night, analysis(empty_night))
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
    ):
        assert sentence in html


def test_frames_with_columns_and_no_rows_are_a_night_of_nothing(full_night: Night) -> None:
    bare = replace(
        full_night,
        customers=full_night.customers.lazy().collect().clear(),
        trade=Trade(),
        decisions=full_night.decisions.clear(),
        funnel=full_night.funnel.clear(),
        summary=full_night.summary.clear(),
        suggestions={name: frame.clear() for name, frame in full_night.suggestions.items()},
    )
    html = page(bare, analysis(bare))
    assert "Nobody is contacted." in html
    assert "fits nobody tonight" in html


HOSTILE = "<script>alert(1)</script>\"'&{{ 7*7 }}"


def test_what_people_typed_is_text_and_never_markup(full_night: Night) -> None:
    lines = full_night.suggestions["lines"].with_columns(
        product=pl.lit(HOSTILE), category=pl.lit(HOSTILE), because=pl.lit(HOSTILE)
    )
    hostile = replace(
        full_night,
        shop=full_night.shop.model_copy(update={"name": HOSTILE}),
        catalogue={
            **full_night.catalogue,
            "age": Field("age", "number", "customers", title=HOSTILE),
        },
        customers=full_night.customers.lazy().with_columns(segment=pl.lit(HOSTILE)).collect(),
        decisions=full_night.decisions.with_columns(
            segment=pl.lit(HOSTILE), channel=pl.lit(HOSTILE), reason=pl.lit(HOSTILE)
        ),
        funnel=full_night.funnel.with_columns(line=pl.lit(HOSTILE)),
        rules=[{**rule, "title": HOSTILE, "owner": HOSTILE} for rule in full_night.rules],
        suggestions={"lines": lines},
        manifest={"rejected": {HOSTILE: {HOSTILE: 3}}, "scores": {HOSTILE: {"label": HOSTILE}}},
    )
    html = page(hostile, analysis(hostile))
    assert "<script" not in html
    assert "alert(1)" in html
    assert "49" not in re.findall(r"<h1>.*?</h1>", html)[0]
    assert not {tag for tag, _ in Elements(html).found} & {"script"}


def test_many_fields_are_drawn_in_part_and_the_page_says_so(night_of: Callable[..., Night]) -> None:
    names = [f"field_{k:02}" for k in range(30)]
    customers = pl.DataFrame(
        {name: [(k * 7 + j * j * (k + 3)) % 23 for j in range(9)] for k, name in enumerate(names)}
    )
    fields = {name: Field(name, "number", "customers") for name in names}
    night = night_of(customers=customers, catalogue=fields)
    figures = analysis(night)
    assert len(figures["correlations"]) == 435  # type: ignore[arg-type]
    html = page(night, figures)
    assert "Drawn are the 20 of 30 fields with the strongest links" in html
    assert "all 435 pairs stand in analysis.json" in html
