"""The variants of a rule's message against each other: each customer by the first that was sent.

No run writes down who got which variant. It follows from the policy's key, the rule and the person
(campaigns.variants), and a run's folder keeps all three as they were that night.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl

from targeting.campaigns.variants import VARIANT, variant_of
from targeting.frames import CUSTOMER, OUTCOME, PERSON, RULE, SEGMENT, SELECTED
from targeting.measure.exposures import AS_OF
from targeting.measure.runs import decisions_of
from targeting.measure.tally import ARM
from targeting.plan import examine
from targeting.problems import Place, Refused, refuse
from targeting.rules.model import Rule

STATE: Final = "policy_state.parquet"

_RUN: Final = "run"


def sent_variants(folders: Sequence[Path], rule: str) -> pl.DataFrame:
    """Give the decisions, one a customer, by which a rule first sent one of several variants.

    Columns as `runs.decisions_of` reads them, and variant. Nights on which the rule had one message
    are left out.

    Raises:
        Refused: a run's decisions, rules or persons cannot be read, or no night had several
            variants.
    """
    found = [sent for folder in folders if (sent := _sent(folder, rule)) is not None]
    if not found:
        message = f"no message of '{rule}' had variants in these runs"
        help_ = "give it two: message: {a: one.j2, b: other.j2}"
        raise refuse("W004", message, Place(str(folders[-1])), help_)
    # Of two nights of one day the run's name says which comes first.
    ordered = pl.concat(found).sort(AS_OF, _RUN, SEGMENT, nulls_last=True)
    return ordered.unique(CUSTOMER, keep="first", maintain_order=True).drop(_RUN)


def by_variant(followed: pl.DataFrame, sent: pl.DataFrame) -> pl.DataFrame:
    """Put the variant that was sent in the place of the arm, for `compare`."""
    arms = sent.select(CUSTOMER, VARIANT)
    rows = followed.filter(pl.col(RULE).is_not_null()).drop(ARM)
    return rows.join(arms.rename({VARIANT: ARM}), on=CUSTOMER, how="inner")


def _sent(folder: Path, rule: str) -> pl.DataFrame | None:
    """Give whom a rule selected on one night, each with the variant; None where there was one."""
    found = _rule_of(folder, rule)
    if found is None:
        return None
    asked, key = found
    try:
        persons = pl.read_parquet(folder / STATE, columns=[CUSTOMER, PERSON], glob=False)
    except (pl.exceptions.PolarsError, OSError):
        raise _unreadable(folder, STATE) from None
    variant = persons.select(CUSTOMER, variant_of(asked, key, pl.col(PERSON)).alias(VARIANT))
    selected = decisions_of(folder).filter(pl.col(RULE) == rule, pl.col(OUTCOME) == SELECTED)
    return selected.join(variant, on=CUSTOMER, how="left").with_columns(
        pl.lit(folder.name).alias(_RUN)
    )


def _rule_of(folder: Path, name: str) -> tuple[Rule, str] | None:
    """Give a rule and the policy's key as a night had them; None without several variants."""
    plan, _ = examine(folder / "inputs")
    if plan is None:
        raise _unreadable(folder, "inputs")
    rule = next((one for one in plan.contact_rules if one.name == name), None)
    if rule is None or len(rule.contact.messages) < 2:
        return None
    return rule, plan.workspace.policy.key


def _unreadable(folder: Path, file: str) -> Refused:
    message = f"{folder.name} does not tell any more who got which variant: {file} cannot be read"
    return refuse("W004", message, Place(str(folder / file)), "measure later runs: --since")
