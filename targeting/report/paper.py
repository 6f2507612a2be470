"""The report on paper: the page's chapters as A4 sheets, the same bytes each time."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from pathlib import Path

from targeting.problems import Place, Problem
from targeting.report.numbers import Night
from targeting.report.paper_content import as_data
from targeting.report.speech import Speech

_HERE = Path(__file__).parent

# Scripts that fonts/ and the fonts inside typst can write: Latin, Greek, Cyrillic, Arabic, signs.
_OWN_LETTERS = re.compile(
    "[\x00-\u052f\u0600-\u06ff\u0750-\u077f\u1e00-\u1eff\u2000-\u214f\u2190-\u22ff\u25a0-\u25ff]*"
)


def write_paper(path: Path, content: Mapping[str, object]) -> tuple[Problem, ...]:
    """Write the chapters as a PDF; a warning where it cannot be made, for the page says the same.

    A night's lists are worth more than a copy of its report.
    """
    import typst

    try:
        sheets = paper(content)
    except typst.TypstError as error:
        text = f"report.pdf could not be made: {error.message}"
        instead = "read report.html, which says the same, and report this defect"
        return (Problem("X001", text, Place(path.name), instead, "warning"),)
    path.write_bytes(sheets)
    return ()


def paper(content: Mapping[str, object]) -> bytes:
    """Make the PDF. What people typed reaches typst as data and is never read as its language.

    Letters that no font of ours has are taken from the machine's fonts: only then may the bytes
    differ between machines.
    """
    import typst

    night, speech = content["night"], content["speech"]
    assert isinstance(night, Night)
    assert isinstance(speech, Speech)
    data = {
        "shop": night.shop.name,
        "day": speech.day(night.as_of),
        "run": night.run_id,
        "draft": night.draft,
        "everyone": speech.count(night.customers.height, "customer"),
        "chapters": {k: v for k, v in content.items() if k not in ("night", "speech")},
    }
    text = json.dumps(as_data(data), ensure_ascii=False)
    fonts = typst.Fonts(
        include_system_fonts=_OWN_LETTERS.fullmatch(text) is None,
        font_paths=[str(_HERE / "fonts")],
    )
    compiler = typst.Compiler(
        str(_HERE / "paper.typ"), root=str(_HERE), font_paths=fonts, sys_inputs={"report": text}
    )
    made = dt.datetime.combine(night.as_of, dt.time(), dt.UTC)
    sheets = compiler.compile(format="pdf", timestamp=made)
    assert isinstance(sheets, bytes)
    return sheets
