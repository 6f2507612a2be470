"""Which folder a run is in, by its name."""

from __future__ import annotations

from pathlib import Path

from targeting.problems import Place, Refused, did_you_mean, refuse
from targeting.run_folder.write import LATEST, MANIFEST


def find_run(out: Path, name: str | None) -> Path:
    """Find a run's folder by its name below `out`; the last published one without a name.

    Raises:
        Refused: W002 where there is no run yet; W005 where there is none of that name.
    """
    if name is None:
        name = _last(out)
    plain = Path(name).name == name and not name.startswith(".")
    if plain and (out / name).is_dir():
        return out / name
    known = sorted((path.parent.name for path in out.glob(f"*/{MANIFEST}")), reverse=True)
    if not known:
        raise _no_run_yet(out)
    message = f"there is no run '{name}' here"
    raise refuse("W005", message, Place(str(out)), did_you_mean(name, known, what="the runs are"))


def _last(out: Path) -> str:
    try:
        return (out / LATEST).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        raise _no_run_yet(out) from None


def _no_run_yet(out: Path) -> Refused:
    message = "there is no run to look at yet"
    return refuse("W002", message, Place(str(out)), "make one: targeting run")
