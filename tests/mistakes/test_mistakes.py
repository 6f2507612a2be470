"""What a person would type wrong, and the exact words that answer: one folder a mistake.

Each folder holds the files that differ from `shop/`, and `expected.txt`. To see the answers anew
after a change, and read them: `python -m tests.mistakes.test_mistakes`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from targeting.plan import examine

HERE = Path(__file__).parent
SHOP = HERE / "shop"
MISTAKES = sorted(path.parent.name for path in HERE.glob("*/expected.txt"))


def answer(mistake: Path | None) -> str:
    """Check the shop with a mistake in it, and give what is said."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "shop"
        shutil.copytree(SHOP, folder)
        if mistake is not None:
            shutil.copytree(mistake, folder, dirs_exist_ok=True)
        _, problems = examine(folder)
    return "".join(f"{problem}\n\n" for problem in problems)


def test_the_shop_itself_has_no_mistake() -> None:
    assert answer(None) == ""


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_in_these_words(name: str) -> None:
    assert answer(HERE / name) == (HERE / name / "expected.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    for each in MISTAKES:
        (HERE / each / "expected.txt").write_text(answer(HERE / each), encoding="utf-8")
