"""Whether the files that evidence is read from are those that the run wrote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from targeting.run_folder.write import file_sha256

FRAMES: Final = ("customers.parquet", "decisions.parquet", "policy_state.parquet")


def changed_files(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Name the frames and kept inputs whose bytes are not those that manifest.json has.

    A file that is gone is not named here: who opens it says so.
    """
    written = {str(each["path"]): str(each["sha256"]) for each in manifest.get("outputs", ())}
    return [
        name
        for name, sha256 in written.items()
        if (name in FRAMES or name.startswith("inputs/"))
        and (folder / name).is_file()
        and file_sha256(folder / name) != sha256
    ]
