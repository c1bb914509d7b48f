"""Facts of past transactions, computed as the gateway computes them when it records."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

import numpy as np

from predictor.features import Column

MAX_AGE = 2**31 - 1
"""Seconds: an account older than this (68 years) counts as this old."""


def compute(
    accounts: Sequence[str],
    amounts: Sequence[float],
    times: Sequence[float],
    opened_at: Mapping[str, float],
) -> dict[str, Column]:
    """Return the columns of features.FACTS for transactions in order of arrival.

    `times` and `opened_at` are seconds since 1970. An account that `opened_at`
    does not name opens at the time of its first transaction to arrive. A row that
    arrives late counts the rows before it whose time is not later, and changes
    none of them: a fact is frozen when its transaction arrives.
    """
    opened = dict(opened_at)
    seen: dict[str, list[float]] = {}
    ages = np.empty(len(accounts), dtype=np.float64)
    numbers = np.empty(len(accounts), dtype=np.float64)
    for row, (account, time) in enumerate(zip(accounts, times, strict=True)):
        earlier = seen.setdefault(account, [])
        place = bisect_right(earlier, time)
        earlier.insert(place, time)
        numbers[row] = place + 1
        ages[row] = time - opened.setdefault(account, time)
    return {
        "amount": np.asarray(amounts, dtype=np.float64),
        "time": np.asarray(times, dtype=np.float64),
        "age_of_account": np.clip(np.floor(ages), 0, MAX_AGE),
        "number_of_transactions": numbers,
    }
