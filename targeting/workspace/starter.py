"""The workspace that `targeting init` copies: the repository's own, in a wheel or a checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

PARTS = ("targeting.yaml", "segments", "rules", "exports", "templates")

_IGNORED = """# results and data stay out of version control
data/
out/
.schema/
"""


def copy_starter(folder: Path) -> None:
    """Copy settings, rules, exports and templates into a folder; made where it is missing."""
    source = starter_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for name in PARTS:
        part = source / name
        if part.is_dir():
            shutil.copytree(part, folder / name)
        else:
            shutil.copyfile(part, folder / name)
    (folder / ".gitignore").write_text(_IGNORED, encoding="utf-8")


def starter_folder() -> Path:
    """Find the starter: inside an installed package, else at the checkout's top level."""
    packaged = Path(__file__).parent / "starter"
    return packaged if packaged.is_dir() else Path(__file__).parents[2]
