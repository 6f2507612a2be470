from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

from targeting.scoring.clusters import k_means

FIT = """
import datetime as dt, hashlib
import numpy as np, polars as pl
from targeting.scoring.likelihood import fit_likelihood, predict
from targeting.scoring.regression import linear_regression
from targeting.scoring.segments import assign_segments, fit_segments
from targeting.scoring.store import Models, digest
from targeting.workspace.catalogue import Field
from targeting.workspace.scores import Likelihood, LinearRegression, Segments

random = np.random.default_rng(1)
n = 20_000
x = random.normal(size=n)
rows = pl.DataFrame({
    "customer_id": [f"c{k}" for k in range(n)], "x": x, "y": random.exponential(size=n),
    "z": random.normal(size=n), "did": x + random.normal(size=n) > 1,
})
rows = rows.sample(fraction=1, shuffle=True, seed=SHUFFLE)
names = {name: {} for name in "ABCDE"}
segments = Segments.model_validate({"features": {"x": {}, "y": {"scale": "log"}, "z": {}},
                                    "names": names})
predicts = {"field": "did", "is": "yes"}
form = Likelihood.model_validate({"predicts": predicts, "from": ["x", "y", "z"]})
types = {name: Field(name, "number", "customers") for name in "xyz"}
model = fit_segments(rows, segments, key="k")
likelihood, evaluation, judged = fit_likelihood(
    "likelihood", form, rows, key="k", as_of=dt.date(2026, 6, 30), history=None, purchases=None,
    field_types=types)
line = linear_regression(rows, LinearRegression.model_validate({"target": "x", "from": ["y"]}), "k")
scored = rows.with_columns(assign_segments(rows, model), predict(rows, likelihood))
print(digest(Models(model, {"likelihood": likelihood})))
print(hashlib.sha256(scored.sort("customer_id").write_csv().encode()).hexdigest())
print(evaluation.as_dict(), judged.write_csv()[:200], line)
"""


def fit(threads: int, shuffle: int) -> str:
    environment = os.environ | {
        "POLARS_MAX_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FIT.replace("SHUFFLE", str(shuffle))],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_thread_and_two_and_another_order_give_the_same_bytes() -> None:
    assert fit(1, 1) == fit(2, 2)


def testk_means_keeps_to_one_thread_where_two_would_differ_in_the_last_bits() -> None:
    # Rounded centroids hide it; the sum of squares is not rounded yet and shows it.
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    points = np.random.default_rng(0).normal(size=(20_000, 3))
    alone = KMeans(5, n_init=10, random_state=0)
    sums = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            sums.append((k_means(points, 5).inertia, float(alone.fit(points).inertia_)))
    (ours_on_one, theirs_on_one), (ours_on_two, _) = sums
    assert ours_on_one == ours_on_two == theirs_on_one
