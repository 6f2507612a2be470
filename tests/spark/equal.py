"""The same run here and on Spark, and what differs."""

from __future__ import annotations

from pathlib import Path

from tests.kit.shop import Ran, ShopFolder

# A run holds its seconds, skops the addresses of objects (models.json has the model's digest), and
# every ledger has a key and names of its own.
_OWN = ("timings.json", "ledger.key")


def on_spark(made: ShopFolder, master: str, *arguments: str, out: str = "out") -> Ran:
    """Run `targeting run` (or what the arguments begin with) on Spark, in this process."""
    command = arguments if arguments[:1] == ("fit",) else ("run", *arguments)
    return made.run_here(*command, "--out", out, "--engine", "spark", "--master", master)


def here(made: ShopFolder, *arguments: str) -> Path:
    """Do it in this process without Spark, and give the folder of results."""
    command = arguments if arguments[:1] == ("fit",) else ("run", *arguments)
    local = made.run_here(*command, "--out", "local")
    assert local.code == 0, local.err
    return made.folder / "local"


def same(made: ShopFolder, ran: Ran, *arguments: str) -> Path:
    """Check that a command left in out/ what it leaves here, byte for byte; give a run's folder."""
    assert ran.code == 0, ran.err
    one, other = here(made, *arguments), made.folder / "out"
    mine, theirs = contents(one), contents(other)
    assert mine.keys() == theirs.keys()
    assert [name for name in mine if mine[name] != theirs[name]] == []
    return max(one.glob("2*"), default=one)


def contents(out: Path) -> dict[str, bytes]:
    """Read every file of the runs and models, but for those that may differ."""
    found = {p.relative_to(out).as_posix(): p for p in out.rglob("*") if p.is_file()}
    return {
        name: path.read_bytes()
        for name, path in found.items()
        if path.name not in _OWN
        and path.suffix != ".skops"
        and not name.startswith(("ledger/", ".lock"))
    }
