# ruff: noqa: T201 - a tool: it prints
"""The model in this process, without any service: the truth, and the limit in speed.

Usage: inprocess.py truth MODELS < rows.json    rows of facts by name in, probabilities out
       inprocess.py speed MODELS SECONDS        rows a second, one thread
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from predictor import model
from predictor.features import Column, Facts

BATCH = 1_000


def truth(loaded: model.Model, rows: list[dict[str, float]]) -> list[float]:
    """Return each row's probability, each asked for on its own."""
    return [
        float(score(loaded, {name: np.array([row[name]], float) for name in loaded.facts})[0])
        for row in rows
    ]


def score(loaded: model.Model, facts: Facts) -> Column:
    """Return the probabilities of columns, the model's facts among them."""
    found = loaded.predict(facts)
    if found.errors:
        raise ValueError(str(found.errors))
    return found.probabilities


def draw() -> dict[str, Column]:
    """Return BATCH payments, the same ones each time."""
    numbers = np.random.default_rng(1)
    amount = np.round(np.exp(numbers.normal(3.5, 1.17, BATCH)) + 0.01, 2)
    facts = {
        "amount": amount,
        "time": numbers.integers(1_735_689_600, 1_767_225_600, BATCH),
        "age_of_account": numbers.integers(0, 200_000_000, BATCH),
        "number_of_transactions": numbers.integers(1, 50, BATCH),
        "seconds_since_previous": numbers.integers(0, 604_800, BATCH),
        "amount_last_hour": amount,
        "amount_last_day": amount * 2,
        "amount_last_week": amount * 5,
        "transactions_last_week": numbers.integers(1, 20, BATCH),
    }
    return {name: column.astype(np.float64) for name, column in facts.items()}


def speed(loaded: model.Model, seconds: float) -> dict[str, float]:
    """Return rows a second in batches of BATCH, and the median time of one row."""
    facts = {name: column for name, column in draw().items() if name in loaded.facts}
    score(loaded, facts)
    batches, start = 0, time.perf_counter()
    while (took := time.perf_counter() - start) < seconds:
        score(loaded, facts)
        batches += 1
    singles = []
    for row in range(BATCH):
        one = {name: column[row : row + 1] for name, column in facts.items()}
        begun = time.perf_counter()
        score(loaded, one)
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
