"""A likelihood for tonight's customers, page by page, and the reason for it in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.customers.held import Chosen, Columns, Shelf, Table
from targeting.scoring.linear import LEAF
from targeting.scoring.matrix import tree_matrix
from targeting.scoring.model import (
    LikelihoodModel,
    can_be_scored,
    chances,
    complete,
    log_odds,
    with_leaves,
)
from targeting.scoring.rate import sigmoid
from targeting.scoring.reasons import leaf_reasons, point_reasons, reasons_of, seen_in
from targeting.scoring.rhythm import REPEATS
from targeting.scoring.teacher import Matrix
from targeting.workspace.catalogue import Catalogue, because_field
from targeting.workspace.settings import Shop

MOST_CLAUSES = 4
NOTHING_KNOWN = "the same for everyone: the shop's base rate"

Leaves = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Entered:
    """What a model read of the customers, page after page.

    Parameters:
        people: the inputs of the model, and what drift is told by.
        asked: of whom the model can say something.
        leaves: where its tree puts each customer; empty for a model without one.
        score: the likelihood, missing for who objects too.
    """

    people: Columns
    asked: pl.Series
    leaves: Leaves
    score: pl.Series


@dataclass(frozen=True)
class Judged:
    """What a model makes of one page of customers, before all are seen.

    Parameters:
        people: what it read of them.
        leaves, told: None for a kind of model that has none, or that tells later.
    """

    people: pl.LazyFrame
    asked: pl.Series
    leaves: Leaves | None = None
    told: pl.LazyFrame | None = None


class Scoring:
    """One likelihood of a night: every page is read before the first is told.

    What the reason says of a leaf is true of all customers in it, on whatever page they stand.
    """

    def __init__(
        self, model: LikelihoodModel, fields: Catalogue, shop: Shop, shelf: Shelf | None = None
    ) -> None:
        self.model, self.fields, self.shop, self.shelf = model, fields, shop, shelf or Shelf()
        self._pages: list[Judged] = []
        self._scores: list[pl.Series] = []

    def read(self, customers: pl.DataFrame, rhythm: pl.DataFrame | None) -> None:
        """Take a page of customers; `rhythm` is what BG/NBD reads of them."""
        self.hear(self.judged(len(self._pages), customers, rhythm))

    def hear(self, page: Judged) -> None:
        """Take what was made of the next page."""
        self._pages.append(page)

    def judged(self, number: int, customers: pl.DataFrame, rhythm: pl.DataFrame | None) -> Judged:
        """Make of a page what can be made of it alone."""
        people = complete(customers, self.model, rhythm)
        names = [REPEATS, *(entering.name for entering in self.model.inputs)]
        names += [profile.field for profile in self.model.profiles]
        read = people.select(name for name in dict.fromkeys(names) if name in people.columns)
        kept = self._keep("read by", number, read)
        asked = people.select(can_be_scored(self.model)).to_series()
        if self._scores_nobody:
            asked = pl.repeat(False, people.height, eager=True)
        if self.model.kind in ("none", "base_rate"):
            return Judged(kept, asked)
        matrix = tree_matrix(people, self.model.inputs)
        leaves = np.empty(0, dtype=np.int32)
        if self.model.tree is not None:
            leaves = self.model.tree.apply(matrix).astype(np.int32)
        if self._by_leaf:
            return Judged(kept, asked, leaves)
        odds = np.round(sigmoid(log_odds(self.model, matrix) + self.model.shift), 6)
        why = self._points(matrix, leaves) if self.model.kind == "points" else pl.lit(None)
        told = self._columns(pl.Series(odds), why, asked)
        return Judged(kept, asked, leaves, self._keep("told by", number, told))

    def told(self, number: int) -> pl.DataFrame:
        """Give the likelihood (0 to 1 to 6 decimals) of a page's customers, and why.

        Columns NAME and NAME_because. Of a tree the path to the customer's leaf, of points the
        three largest; a blend gives no reason. Both are missing where there is no score.
        """
        page = self._pages[number]
        asked = page.asked
        if self._scores_nobody:
            return self._columns(pl.lit(None), pl.lit(None), asked)
        if self.model.kind == "base_rate":
            score = pl.lit(self.model.base_rate, dtype=pl.Float64).round(6)
            return self._columns(score, pl.lit(NOTHING_KNOWN), asked)
        if page.told is not None:
            return page.told.collect()
        assert page.leaves is not None
        why = reasons_of(page.leaves, self._texts, "why")
        return self._columns(pl.Series(chances(self.model)[page.leaves]), why, asked)

    def settle(self) -> None:
        """Word the reasons of the leaves, now that every page was heard."""
        if self._by_leaf and not self._scores_nobody:
            _ = self._texts

    def take(self, scores: pl.Series) -> None:
        """Hear what became of the scores of the next page: who objects has lost his."""
        self._scores.append(scores)

    def entered(self) -> Entered:
        """Give what the model read, when all pages are told and taken."""
        return Entered(self._people, self._asked, self._leaves, pl.concat(self._scores))

    def scorable(self) -> Columns:
        """Give the customers of whom the model can say something."""
        return Chosen(self._people, self._asked)

    @property
    def _scores_nobody(self) -> bool:
        model = self.model
        return model.kind == "none" or (model.kind == "base_rate" and model.base_rate is None)

    @property
    def _by_leaf(self) -> bool:
        return self.model.kind in ("tree", "cart")

    @property
    def _people(self) -> Table:
        pages = tuple(page.people for page in self._pages)
        return Table(pages, pages[0].collect_schema(), self._asked.len())

    @property
    def _asked(self) -> pl.Series:
        return pl.concat([page.asked for page in self._pages])

    @property
    def _leaves(self) -> Leaves:
        found = [page.leaves for page in self._pages if page.leaves is not None]
        return np.concatenate(found) if found else np.empty(0, dtype=np.int32)

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        model, asked = self.model, self._asked
        leaves = self._leaves[asked.to_numpy()]
        seen = seen_in(Chosen(self._people, asked), model.inputs, leaves)
        return leaf_reasons(
            model.tree, model.inputs, model.values, seen, self.fields, self.shop, most=MOST_CLAUSES
        )

    def _keep(self, what: str, number: int, page: pl.DataFrame) -> pl.LazyFrame:
        return self.shelf.keep(f"{what} {self.model.name}", number, page)

    def _points(self, matrix: Matrix, leaves: Leaves) -> pl.Series:
        model = self.model
        assert model.linear is not None
        inputs = (*model.inputs, LEAF)
        beside = with_leaves(matrix, np.asarray(model.values)[leaves])
        points = model.linear.points(beside, len(inputs))
        return point_reasons(points, model.linear.stands(beside, len(inputs)), inputs, self.fields)

    def _columns(
        self, score: pl.Series | pl.Expr, why: pl.Series | pl.Expr, asked: pl.Series
    ) -> pl.DataFrame:
        return asked.to_frame("asked").select(
            pl.when("asked").then(score).cast(pl.Float64).alias(self.model.name),
            pl.when("asked").then(why).cast(pl.String).alias(because_field(self.model.name)),
        )
