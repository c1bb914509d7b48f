"""Facts of past transactions, computed as the gateway computes them when it records."""

import math
from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence

import numpy as np

from predictor.features import FACTS, KNOWN_FACTS, Column

MAX_INT32 = 2**31 - 1
"""Whole facts are capped here, as the gateway caps them (68 years in seconds)."""

_HOUR, _DAY, _WEEK = 3_600, 86_400, 604_800


def _whole(seconds: float) -> float:
    # The gateway counts in whole microseconds; a difference of floats falls beside them.
    return math.floor(round(seconds, 6))


def _total(amounts: list[float]) -> float:
    # Exact until it is rounded once, as the gateway's: plain sums differ in their last digit.
    try:
        return math.fsum(amounts)
    except OverflowError:
        return math.inf  # It is capped.


class _Account:
    """An account's transactions so far, in order of time; of equal times, of arrival."""

    def __init__(self, opened_at: float) -> None:
        self.opened_at = opened_at
        self._rows: list[tuple[float, int, float]] = []

    def add(self, row: int, time: float, amount: float) -> tuple[float, ...]:
        """Add a transaction and return its facts from age_of_account on."""
        place = bisect_right(self._rows, (time, row, amount))
        age = _whole(time - self.opened_at)
        gap = _whole(time - self._rows[place - 1][0]) if place else age
        insort(self._rows, (time, row, amount))
        hour, day, week = (
            bisect_right(self._rows, (time - seconds, MAX_INT32, 0.0), hi=place)
            for seconds in (_HOUR, _DAY, _WEEK)
        )
        before = [amount for _, _, amount in self._rows[week:place]]
        recent = (_total([*before[start - week :], amount]) for start in (hour, day, week))
        return age, place + 1, gap, *recent, len(before) + 1


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
    seen: dict[str, _Account] = {}
    history = np.empty((len(accounts), len(FACTS) - 2), dtype=np.float64)
    for row, (name, time, amount) in enumerate(zip(accounts, times, amounts, strict=True)):
        account = seen.get(name)
        if account is None:
            account = seen[name] = _Account(opened_at.get(name, time))
        history[row] = account.add(row, time, amount)
    columns = dict(zip(FACTS[2:], history.T.copy(), strict=True))
    for name, column in columns.items():
        fact = KNOWN_FACTS[name]
        np.clip(column, 0, MAX_INT32 if fact.whole else fact.high, out=column)
    return {
        "amount": np.asarray(amounts, dtype=np.float64),
        "time": np.asarray(times, dtype=np.float64),
        **columns,
    }
