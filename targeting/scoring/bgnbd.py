"""BG/NBD: how often customers buy while they are customers, and whether they still are.

P. Fader, B. Hardie and K. L. Lee, "Counting Your Customers" the Easy Way: An Alternative to the
Pareto/NBD Model, Marketing Science 24(2), 2005, pp. 275-284. Purchases of an active customer are
Poisson with a gamma-distributed rate (shape r, rate alpha, per week); after each purchase a
customer leaves with a beta-distributed probability (a, b).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from targeting.frames import CUSTOMER
from targeting.scoring.matrix import Floats

WEEK = 7.0
# Of the logarithm of a parameter: data without leavers drive a to 0 and b to infinity, and 2F1 of
# equation 10 has no right digit left where one is above 1,000.
_BOUND = 6.0


@dataclass(frozen=True)
class BgNbd:
    """Fitted parameters; the unit of time is a week."""

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class Rhythm:
    """What the model reads of each customer: one entry a customer in every array.

    `repeats` (x) are days with a purchase after the first one, `last` (t_x) the weeks from the
    first to the last, `age` (T) the weeks from the first to the day of looking.
    """

    repeats: Floats
    last: Floats
    age: Floats

    @classmethod
    def of(cls, rhythms: pl.DataFrame) -> Rhythm:
        """Read the columns of `rhythms`."""
        return cls(*(rhythms[name].to_numpy() for name in ("repeats", "last", "age")))


def rhythms(bought: pl.LazyFrame, cut_off: dt.date) -> pl.LazyFrame:
    """Give customer_id, repeats, last and age of everybody who bought up to a day, by customer_id.

    `bought` has customer_id and purchased_on, one row a line; several on one day count once.
    """
    day = pl.col("purchased_on")
    first, newest = day.min(), day.max()
    return (
        bought.filter(day <= cut_off)
        .group_by(CUSTOMER)
        .agg(
            (day.n_unique() - 1).cast(pl.Float64).alias("repeats"),
            ((newest - first).dt.total_days() / WEEK).alias("last"),
            ((pl.lit(cut_off) - first).dt.total_days() / WEEK).alias("age"),
        )
        .drop_nulls(CUSTOMER)
        .sort(CUSTOMER)
    )


def fit_bgnbd(seen: Rhythm) -> BgNbd | None:
    """Find the parameters of greatest likelihood (equation 6); None where nobody came back."""
    from scipy.optimize import minimize

    groups, customers = np.unique(
        np.column_stack([seen.repeats, seen.last, seen.age]), axis=0, return_counts=True
    )
    if not customers.size or not groups[:, 0].any():
        return None
    together = Rhythm(groups[:, 0], groups[:, 1], groups[:, 2])
    scale = float(np.average(together.age, weights=customers)) or 1.0
    scaled = Rhythm(together.repeats, together.last / scale, together.age / scale)

    def unlikely(logs: Floats) -> float:
        r, alpha, a, b = np.exp(logs)
        likelihoods = log_likelihood(BgNbd(r, alpha, a, b), scaled)
        return -float((likelihoods * customers).sum() / customers.sum())

    start = np.array([0.0, 0.0, -0.5, 0.5])
    found = minimize(
        unlikely,
        start,
        method="L-BFGS-B",
        bounds=[(-_BOUND, _BOUND)] * 4,
        options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-8},
    )
    r, alpha, a, b = (float(value) for value in np.exp(found.x))
    return BgNbd(round(r, 6), round(alpha * scale, 6), round(a, 6), round(b, 6))


def log_likelihood(model: BgNbd, seen: Rhythm) -> Floats:
    """Give each customer's log likelihood (equation 6, in logarithms)."""
    from scipy.special import betaln, gammaln

    r, alpha, a, b, x = model.r, model.alpha, model.a, model.b, seen.repeats
    bought = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stayed = betaln(a, b + x) - betaln(a, b)
    active = -(r + x) * np.log(alpha + seen.age)
    left = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + seen.last)
    left = np.where(x > 0, left, -np.inf)
    return np.asarray(bought + stayed + np.logaddexp(active, left))


def alive(model: BgNbd, seen: Rhythm) -> Floats:
    """Give the probability that each customer is still one (Fader, Hardie and Lee 2008, note)."""
    x = seen.repeats
    odds = (
        np.log(model.a)
        - np.log(model.b + np.maximum(x, 1) - 1)
        + (model.r + x) * np.log((model.alpha + seen.age) / (model.alpha + seen.last))
    )
    return np.where(x > 0, 1 / (1 + np.exp(np.minimum(odds, 700))), 1.0)


def buys(model: BgNbd, seen: Rhythm, days: float) -> Floats:
    """Give the probability of a purchase within the next days.

    Nobody leaves between purchases: the rate of who is active has a gamma posterior of shape r + x
    and rate alpha + T, so a silence of t has the probability ((alpha + T) / (alpha + T + t))^(r+x).
    """
    waited = model.alpha + seen.age
    silent = (waited / (waited + days / WEEK)) ** (model.r + seen.repeats)
    return np.asarray(alive(model, seen) * (1 - silent))


def expected_purchases(model: BgNbd, seen: Rhythm, days: float) -> Floats:
    """Give the number of purchases to be expected within the next days (equation 10).

    Euler's transformation takes the number of purchases out of the upper parameters of 2F1, where
    hundreds of them overflow.
    """
    from scipy.special import hyp2f1

    a = model.a if abs(model.a - 1) > 1e-6 else 1 + 1e-6  # equation 10 divides by a - 1
    waited, ahead = model.alpha + seen.age, days / WEEK
    top = a + model.b + seen.repeats - 1
    share = ahead / (waited + ahead)
    with np.errstate(over="ignore", invalid="ignore"):
        silent = (1 - share) ** (a - 1) * hyp2f1(a - 1, a + model.b - 1 - model.r, top, share)
        if_active = np.asarray(top / (a - 1) * (1 - silent))
    return _within_reach(if_active, model, seen, days) * alive(model, seen)


def _within_reach(if_active: Floats, model: BgNbd, seen: Rhythm, days: float) -> Floats:
    """Hold an expectation between its bounds, which is what is left where 2F1 has no digits.

    At least the probability of one purchase; at most what a customer who never leaves would buy,
    and what one with all the time in the world would (1 / p on average).
    """
    waited, x = model.alpha + seen.age, model.r + seen.repeats
    least = 1 - (waited / (waited + days / WEEK)) ** x
    most = x * (days / WEEK) / waited
    if model.a > 1:
        most = np.minimum(most, (model.a + model.b + seen.repeats - 1) / (model.a - 1))
    return np.asarray(np.fmax(np.fmin(if_active, most), least))
