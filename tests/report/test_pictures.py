"""Pictures are the same each time, and their axes speak the shop's language."""

from __future__ import annotations

import re

from targeting.report.pictures import Point, bars, calibration, columns, lift
from targeting.report.speech import Speech
from targeting.workspace.settings import Shop

SAY = Speech(Shop(currency="EUR", region="DE", locale="de_DE"))


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_every_step_of_an_axis_is_written() -> None:
    drawn = texts(calibration("c", [(0.2, 0.0), (0.9, 1.0)], SAY.percent))
    for step in ("0%", "20%", "40%", "60%", "80%", "100%"):
        assert drawn.count(step) == 2


def test_axes_are_written_as_the_shop_writes_numbers() -> None:
    drawn = texts(lift("l", [Point("1", 1.9), Point("2", 0.1)], lambda v: SAY.number(v, 1), "mean"))
    assert [text for text in drawn if text[0].isdigit()][2:] == ["0", "0,5", "1", "1,5", "2"]


def test_losses_stand_below_nothing() -> None:
    drawn = texts(columns("s", [Point("a", -3.0), Point("b", 7.0)], SAY.number, ["a", "b"]))
    assert {"-4", "0", "8"} <= set(drawn)


def test_a_picture_is_the_same_however_often_it_is_drawn() -> None:
    points = [Point("a", 1.0), Point("b", 2.0)]
    first, second = (columns("s", points, SAY.number, ["a"]) for _ in range(2))
    assert first == second


def test_ids_carry_the_name_of_their_picture() -> None:
    svg = lift("buyers", [Point("1", 2.0)], SAY.number, "mean")
    ids = re.findall(r' id="([^"]+)"', svg)
    assert ids
    assert all(name.startswith("buyers-") for name in ids)
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= set(ids)


def test_a_label_is_text_whatever_it_holds() -> None:
    svg = bars("m", [Point("</text><script>x</script>", 1.0)], ["1"])
    assert "<script" not in svg


def test_a_picture_names_no_address_and_no_colour_of_the_page() -> None:
    svg = columns("s", [Point("a", 1.0)], SAY.number, ["a"])
    assert "http" not in svg
    assert "currentColor" in svg
    assert not re.search("black|white|#000|#fff", svg)
