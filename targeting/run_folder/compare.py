"""Tonight's lists against those of the last published run; what cannot be compared stops too."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from targeting.problems import Place, Problem, Refused, refuse
from targeting.run_folder.write import MANIFEST, latest
from targeting.workspace.load import Workspace

KEY = "list_changed_over"


def check_lists(
    out: Path, reached: Mapping[str, int], workspace: Workspace, accepted: Collection[str]
) -> list[Problem]:
    """Stop where a rule's list grew or shrank by more than `stop_if: list_changed_over`.

    Compared is whom a rule speaks of, those contacted lately counted in (`campaigns.summary`); a
    rule that spoke of nobody last time, or was not there, is new.
    """
    most = workspace.settings.stop_if.list_changed_over
    if most is None or KEY in accepted:
        return []
    try:
        last = latest(out)
        before = {} if last is None else _reached(last)
    except Refused as error:
        return list(error.problems)
    place = workspace.place("targeting.yaml", "stop_if", KEY)
    return [
        Problem(
            "D104",
            f"the list of '{rule}' changed from {was} to {now} customers since {last.name}, "
            "those contacted lately counted in",
            place,
            f"look at the rule and the data; if it is meant: --accept {KEY}",
        )
        for rule, now in sorted(reached.items())
        if last is not None and (was := before.get(rule, 0)) and abs(now - was) > was * most
    ]


def _reached(last: Path) -> dict[str, int]:
    """Read whom each rule spoke of in a run.

    Raises:
        Refused: where its manifest cannot tell.
    """
    try:
        manifest = json.loads((last / MANIFEST).read_bytes())
        return {
            rule["name"]: int(rule["reached"]) for rule in manifest["rules"] if "reached" in rule
        }
    except (OSError, ValueError, KeyError, TypeError):
        message = "the lists of the last run cannot be read, so tonight's are compared with nothing"
        place = Place(str(last / MANIFEST))
        raise refuse("D105", message, place, f"go on with --accept {KEY}") from None
