# ruff: noqa: T201 - a tool: it prints
"""The model in this process, without any service: the truth, and the limit in speed.

Usage: inprocess.py truth MODELS < rows.json    rows of facts in, probabilities out
       inprocess.py speed MODELS SECONDS        rows a second, one thread
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from predictor import model
from predictor.features import FACTS

BATCH = 1_000


def truth(loaded: model.Model, rows: list[list[float]]) -> list[float]:
    """Return each row's probability, each asked for on its own."""
    return [float(score(loaded, np.array([row], dtype=np.float64))[0]) for row in rows]


def score(loaded: model.Model, table: np.ndarray) -> np.ndarray:
    """Return the probabilities of a table with a column for each of FACTS."""
    found = loaded.predict({name: table[:, i] for i, name in enumerate(FACTS)})
    if found.errors:
        raise ValueError(str(found.errors))
    return found.probabilities


def speed(loaded: model.Model, seconds: float) -> dict[str, float]:
    """Return rows a second in batches of BATCH, and the median time of one row."""
    draw = np.random.default_rng(1)
    table = np.column_stack(
        [
            np.round(np.exp(draw.normal(3.5, 1.17, BATCH)) + 0.01, 2),
            draw.integers(1_735_689_600, 1_767_225_600, BATCH),
            draw.integers(0, 200_000_000, BATCH),
            draw.integers(1, 50, BATCH),
        ]
    ).astype(np.float64)
    score(loaded, table)
    batches, start = 0, time.perf_counter()
    while (took := time.perf_counter() - start) < seconds:
        score(loaded, table)
        batches += 1
    singles = []
    for row in range(BATCH):
        begun = time.perf_counter()
        score(loaded, table[row : row + 1])
        singles.append(time.perf_counter() - begun)
    return {
        "rows_per_second": batches * BATCH / took,
        "one_row_us": float(np.median(singles)) * 1e6,
    }


def main() -> None:
    """Do what the first word says."""
    what, models = sys.argv[1], Path(sys.argv[2])
    loaded = model.load(model.resolve(models))
    out = (
        truth(loaded, json.load(sys.stdin))
        if what == "truth"
        else speed(loaded, float(sys.argv[3]))
    )
    print(json.dumps(out))


main()
