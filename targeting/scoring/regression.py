"""The linear regression of the first analysis: for the report's comparison, and nothing else."""

from __future__ import annotations

import numpy as np

from targeting.customers.held import Rows
from targeting.frames import CUSTOMER
from targeting.scoring.matrix import numbers, share_by_hash
from targeting.scoring.threads import one_thread
from targeting.workspace.scores import LinearRegression

TESTED_SHARE = 0.25


def linear_regression(customers: Rows, form: LinearRegression, key: str) -> dict[str, object]:
    """Fit on three quarters of the customers, by keyed hash, and give R2 on the rest.

    Customers with a value missing take no part. `r2` is None where too few are left to tell.
    """
    columns = list(dict.fromkeys([form.target, *form.inputs]))
    read = dict.fromkeys([CUSTOMER, *columns])
    complete = customers.select(*read).drop_nulls(columns).sort(CUSTOMER)
    judges = complete.select(share_by_hash(key, "linear_regression", TESTED_SHARE)).to_series()
    judges_at = judges.to_numpy()
    inputs = np.column_stack([numbers(complete[name]) for name in form.inputs])
    target = numbers(complete[form.target])
    return {
        "target": form.target,
        "fields": list(form.inputs),
        "r2": _r2(inputs[~judges_at], target[~judges_at], inputs[judges_at], target[judges_at]),
        "n_test": int(judges_at.sum()),
    }


def _r2(
    inputs: np.ndarray, target: np.ndarray, inputs_test: np.ndarray, target_test: np.ndarray
) -> float | None:
    from sklearn.linear_model import LinearRegression as Regression

    if len(target) < inputs.shape[1] + 2 or len(np.unique(target_test)) < 2:
        return None
    with one_thread():
        r2 = float(Regression().fit(inputs, target).score(inputs_test, target_test))
    return round(r2, 6)
