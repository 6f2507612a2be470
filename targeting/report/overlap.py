"""Where rules meet: who is fitted by two of them, and which one took the other's turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.frames import CHANNEL, OUTCOME, PERSON, PLACE, REASON, RULE, SELECTED
from targeting.report.parts import has

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_OTHER, _TAKER, _LINE = "other", "taker", "line"
_NEEDED = (PLACE, RULE, OUTCOME, REASON)
AT_ONCE = 2_000_000  # customers, or decisions, that are counted together


def overlap(decisions: pl.DataFrame, persons: pl.Series) -> dict[str, object]:
    """Count customers by how many rules fit them, and pairs of rules that meet.

    `persons`: the person of each customer, a number, by place; empty: each is one of his own.
    fitted, fitted_twice, contacted_twice: customers whom rules fit, two or more fit, two or more
    contact (on different channels). pairs [{rule, other, fit_rule, fit_other, both, contacted_both,
    taken_by_rule, taken_by_other}]: customers whom each fits, both fit, both contact; and refusals
    `outranked` of the one rule for whose person the other has taken the turn. Sorted by both,
    turns taken and names; `rule` is the one that takes more turns from the other.
    """
    if not has(decisions, *_NEEDED):
        return {"fitted": 0, "fitted_twice": 0, "contacted_twice": 0, "pairs": []}
    met = _Met.of(decisions)
    return {
        "fitted": met.fitted,
        "fitted_twice": met.fitted_twice,
        "contacted_twice": met.contacted_twice,
        "pairs": _pairs(decisions, persons, met).to_dicts(),
    }


@dataclass
class _Met:
    """How rules (in alphabetical order) meet: customers whom each two of them fit, and contact."""

    rules: list[str]
    both: npt.NDArray[np.int64]
    contacted: npt.NDArray[np.int64]
    fitted: int = 0
    fitted_twice: int = 0
    contacted_twice: int = 0

    @classmethod
    def of(cls, decisions: pl.DataFrame) -> _Met:
        rules = sorted(decisions[RULE].cast(pl.String).unique())
        square = (len(rules), len(rules))
        met = cls(rules, np.zeros(square, dtype=np.int64), np.zeros(square, dtype=np.int64))
        row = decisions[PLACE].to_numpy()
        column = _numbered(decisions, rules).to_numpy()
        takes = (decisions[OUTCOME] == SELECTED).to_numpy()
        for start in range(0, int(row.max()) + 1, AT_ONCE):
            here = np.flatnonzero((row >= start) & (row < start + AT_ONCE))
            met.add(row[here] - start, column[here], takes[here])
        return met

    def add(
        self,
        row: npt.NDArray[np.uint32],
        column: npt.NDArray[np.unsignedinteger],
        takes: npt.NDArray[np.bool_],
    ) -> None:
        """Count the decisions of some customers, each by the number of its customer and rule."""
        fits = _ones(row, column, len(self.rules))
        contacted = _ones(row[takes], column[takes], len(self.rules))
        self.both += (fits.T @ fits).toarray()
        self.contacted += (contacted.T @ contacted).toarray()
        self.fitted += int((np.diff(fits.indptr) >= 1).sum())
        self.fitted_twice += int((np.diff(fits.indptr) >= 2).sum())
        self.contacted_twice += int((np.diff(contacted.indptr) >= 2).sum())

    def pairs(self) -> pl.DataFrame:
        """Count the customers of each two rules, the names in alphabetical order."""
        first, second = np.nonzero(np.triu(self.both, k=1))
        return pl.DataFrame(
            {
                RULE: [self.rules[at] for at in first],
                _OTHER: [self.rules[at] for at in second],
                "both": self.both[first, second],
                "contacted_both": self.contacted[first, second],
            },
            schema=_MET,
        )


def _numbered(decisions: pl.DataFrame, rules: Sequence[str]) -> pl.Series:
    """Give each decision the number of its rule."""
    return decisions[RULE].cast(pl.Enum(rules)).to_physical()


def _ones(
    row: npt.NDArray[np.uint32], column: npt.NDArray[np.unsignedinteger], rules: int
) -> csr_array:
    from scipy.sparse import csr_array

    where = row.astype(np.int32), column.astype(np.int32)
    shape = int(row.max(initial=0)) + 1, rules
    found = csr_array((np.ones(row.size, dtype=np.int32), where), shape=shape)
    found.data[:] = 1  # two decisions of one customer and rule are one meeting
    return found


def _pairs(decisions: pl.DataFrame, persons: pl.Series, met: _Met) -> pl.DataFrame:
    fit = decisions.group_by(pl.col(RULE).cast(pl.String)).agg(pl.len().alias("fit"))
    turns = _turns(decisions, persons, met.rules)
    found = (
        met.pairs()
        .join(turns, on=[RULE, _OTHER], how="full", coalesce=True)
        .join(fit.rename({"fit": "fit_rule"}), on=RULE)
        .join(fit.rename({RULE: _OTHER, "fit": "fit_other"}), on=_OTHER)
        .fill_null(0)
    )
    swap = pl.col("taken_by_other") > pl.col("taken_by_rule")
    columns = {name: pl.when(swap).then(twin).otherwise(name) for name, twin in _TWINS.items()}
    ordered = found.with_columns(**columns).select(*_COLUMNS)
    taken = pl.col("taken_by_rule") + pl.col("taken_by_other")
    falling = [True, True, False, False]
    return ordered.sort("both", taken, RULE, _OTHER, descending=falling)


_MET = {RULE: pl.String, _OTHER: pl.String, "both": pl.Int64, "contacted_both": pl.Int64}
_HALF = {RULE: _OTHER, "fit_rule": "fit_other", "taken_by_rule": "taken_by_other"}
_TWINS = _HALF | {twin: name for name, twin in _HALF.items()}
_COLUMNS = (
    RULE,
    _OTHER,
    "fit_rule",
    "fit_other",
    "both",
    "contacted_both",
    "taken_by_rule",
    "taken_by_other",
)


def _turns(decisions: pl.DataFrame, persons: pl.Series, rules: Sequence[str]) -> pl.DataFrame:
    """Count by two rules how often the one had taken a person's turn before the other.

    Where a turn is one of a channel, only who took it on that channel has taken it; where nobody
    has, turns are counted over all channels.
    """
    asked = decisions.filter(pl.col(REASON).is_in(["", "outranked"]))
    channel = pl.col(CHANNEL) if CHANNEL in decisions.columns else pl.lit("")
    person = persons.gather(asked[PLACE]) if persons.len() else asked[PLACE]
    rows = asked.select(person.alias(PERSON), REASON, channel.alias(CHANNEL)).with_columns(
        _numbered(asked, rules)
    )
    pieces = rows.height // AT_ONCE + 1
    counted = [_taken_in(rows.filter(pl.col(PERSON) % pieces == n)) for n in range(pieces)]
    names = dict(enumerate(rules))
    return (
        pl.concat(counted)
        .group_by(RULE, _OTHER)
        .agg(pl.all().sum())
        .with_columns(pl.col(RULE, _OTHER).replace_strict(names, return_dtype=pl.String))
    )


def _taken_in(rows: pl.DataFrame) -> pl.DataFrame:
    """Count the turns of some persons, rules by their numbers."""
    taken = rows.filter(pl.col(REASON) == "").select(
        PERSON, pl.col(RULE).alias(_TAKER), pl.col(CHANNEL).alias("by")
    )
    waiting = rows.filter(pl.col(REASON) == "outranked").drop(REASON).with_row_index(_LINE)
    met = waiting.join(taken, on=PERSON).drop(PERSON).filter(pl.col(RULE) != pl.col(_TAKER))
    here = (pl.col("by") == pl.col(CHANNEL)).fill_null(value=False)
    met = met.with_columns(here.alias("here"), here.any().over(_LINE).alias("any_here"))
    met = met.filter(pl.col("here") | ~pl.col("any_here")).unique([_LINE, _TAKER])
    first = pl.col(RULE) < pl.col(_TAKER)
    pairs = met.select(
        pl.min_horizontal(RULE, _TAKER).alias("first"),
        pl.max_horizontal(RULE, _TAKER).alias(_OTHER),
        (~first).cast(pl.Int64).alias("taken_by_rule"),
        first.cast(pl.Int64).alias("taken_by_other"),
    )
    return pairs.rename({"first": RULE}).group_by(RULE, _OTHER).agg(pl.all().sum())
