"""The report of a real night in a real browser: quiet, alone, and open to every reader."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from targeting.sample import write_sample
from tests.kit.shop import run_here

Scheme = Literal["light", "dark"]
Open = Callable[..., AbstractContextManager[Page]]
NARROW, WIDE = 380, 1400


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of the sample shop."""
    folder = tmp_path_factory.mktemp("sample") / "shop"
    assert run_here("init", str(folder), "--without-data", cwd=folder.parent).code == 0
    write_sample(folder / "data", customers=400)
    ran = run_here("run", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    return folder / str(ran.json["folder"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        reason = "Chromium is not installed"
        if os.environ.get("TARGETING_NO_SKIP"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium)
        yield running
        running.close()


@pytest.fixture(scope="module")
def report(browser: Browser, night: Path) -> Open:
    """Opens the report in a window of its own; all that is folded away is unfolded."""
    address = (night / "report.html").as_uri()

    @contextmanager
    def opened(
        width: int = WIDE, scheme: Scheme = "light", *, unfolded: bool = True
    ) -> Iterator[Page]:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        page = context.new_page()
        page.goto(address)
        if unfolded:
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        yield page
        context.close()

    return opened


def test_it_opens_without_an_error_and_asks_for_nothing_else(browser: Browser, night: Path) -> None:
    said: list[str] = []
    asked: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    address = (night / "report.html").as_uri()
    page.goto(address, wait_until="networkidle")
    assert page.title().startswith("Sample Electronics, ")
    page.close()
    assert said == []
    assert asked == [address]


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken(report: Open, scheme: Scheme, width: int) -> None:
    with report(width, scheme) as page:
        found = Axe().run(page).response["violations"]
    serious = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    assert [told(rule) for rule in serious] == []


def told(rule: dict[str, Any]) -> str:
    places = [f"{node['target']}: {node['html'][:120]}" for node in rule["nodes"][:5]]
    return "\n".join([f"{rule['id']}: {rule['help']} ({len(rule['nodes'])} times)", *places])


@pytest.mark.parametrize("unfolded", [False, True])
def test_nothing_is_wider_than_a_telephone(report: Open, unfolded: bool) -> None:
    with report(NARROW, unfolded=unfolded) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW
        beyond = page.evaluate(
            """() => [...document.querySelectorAll('main *')]
            .filter(e => !e.closest('svg, .box, .hidden') && e.getBoundingClientRect().right > 381)
            .map(e => e.outerHTML.slice(0, 100))"""
        )
    assert beyond == []


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_what_scrolls_can_be_scrolled_by_keys(report: Open, width: int) -> None:
    with report(width) as page:
        scrolling, out_of_reach = page.evaluate(
            """() => {
              const scrolls = e => /auto|scroll/.test(getComputedStyle(e).overflow) &&
                (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1);
              const all = [...document.querySelectorAll('body *')].filter(scrolls);
              const cannot = all.filter(e => e.tabIndex < 0 && !e.querySelector('a[href]'));
              return [all.length, cannot.map(e => e.outerHTML.slice(0, 100))];
            }"""
        )
    assert scrolling > 0
    assert out_of_reach == []


def test_headings_as_a_reader_hears_them_go_down_one_step_at_a_time(report: Open) -> None:
    with report() as page:
        levels = page.evaluate(
            "[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(e => +e.tagName[1])"
        )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_the_first_key_leads_past_the_chapters(report: Open) -> None:
    with report() as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "tonight"


def test_on_paper_nothing_stays_folded_or_cut(report: Open) -> None:
    with report(unfolded=False) as page:
        page.emulate_media(media="print")
        hidden, cut, rules = page.evaluate(
            """() => {
              const kept = e => !e.closest('.numbers, nav, .skip');
              const all = q => [...document.querySelectorAll(q)].filter(kept);
              const unseen = e => !e.checkVisibility({contentVisibilityAuto: true}) ||
                e.getBoundingClientRect().height === 0;
              const clipped = e => e.scrollWidth > e.clientWidth + 1 &&
                getComputedStyle(e).overflowX !== 'visible';
              const short = e => e.outerHTML.slice(0, 100);
              return [all('table, figure, p, h2, h3, h4').filter(unseen).map(short),
                all('.box').filter(clipped).map(short), all('.rule table').length];
            }"""
        )
    assert rules > 10
    assert hidden == []
    assert cut == []


def test_the_paper_lies_beside_the_page_and_stands_in_the_manifest(night: Path) -> None:
    assert (night / "report.pdf").read_bytes().startswith(b"%PDF-")
    manifest = json.loads((night / "manifest.json").read_text("utf-8"))
    assert {"report.html", "report.pdf"} <= {output["path"] for output in manifest["outputs"]}
