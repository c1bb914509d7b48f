"""From facts to features, once: training and serving both come through here.

A fact is what the gateway knows of a transaction when it is recorded. A feature
is what the model sees. No feature tells an account or a date: the model may learn
that 03:00 is odd, never that the third of May was.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Facts = Mapping[str, Column]

FACTS = ("amount", "time", "age_of_account", "number_of_transactions")
"""Names of the facts, each a float64 column with one value for each row.

amount in units of the currency; time in seconds since 1970 (UTC); age_of_account
in whole seconds; number_of_transactions counts the account's transactions up to
and including this one.
"""

_DAY = 86_400.0
_YEAR_10000 = 253_402_300_800.0


class Rule(NamedTuple):
    """What a fact must hold to in every row."""

    fact: str
    text: str
    holds: Callable[[Column], Mask]


class Reason(NamedTuple):
    """What a person is told contributed to a score."""

    code: str
    text: str
    value: Callable[[Facts], Column]


class Feature(NamedTuple):
    """One column of the feature matrix, and the reason under which it is explained."""

    name: str
    reason: str
    compute: Callable[[Facts], Column]


# A comparison with NaN is false, so each rule refuses it without asking.
RULES = (
    Rule("amount", "finite and above 0", lambda x: (x > 0) & (x < np.inf)),
    Rule("time", "in the years 1970 to 9999", lambda x: (x >= 0) & (x < _YEAR_10000)),
    Rule(
        "age_of_account",
        "a whole number of seconds, at least 0",
        lambda x: (x >= 0) & (x < np.inf) & (np.floor(x) == x),
    ),
    Rule(
        "number_of_transactions",
        "a whole number, at least 1",
        lambda x: (x >= 1) & (x < np.inf) & (np.floor(x) == x),
    ),
)

# Facts that hold to every rule: they stand in for a row that does not.
_NEUTRAL = {
    "amount": 1.0,
    "time": 0.0,
    "age_of_account": 0.0,
    "number_of_transactions": 1.0,
}


def _hour(facts: Facts) -> Column:
    return np.mod(facts["time"], _DAY) / 3600.0


def _angle(facts: Facts) -> Column:
    return np.mod(facts["time"], _DAY) * (2.0 * np.pi / _DAY)


def _days(facts: Facts) -> Column:
    return facts["age_of_account"] / _DAY


REASONS = (
    Reason("AMOUNT", "Amount, in units of the currency", lambda f: f["amount"]),
    Reason("TIME_OF_DAY", "Time of day, in hours from 0 to 24 (UTC)", _hour),
    Reason("AGE_OF_ACCOUNT", "Age of the account, in days", _days),
    Reason(
        "NUMBER_OF_TRANSACTIONS",
        "Transactions of the account so far, this one included",
        lambda f: f["number_of_transactions"],
    ),
)

# The rate needs the age too. It is explained as a matter of number, because what
# it adds to the age alone is how often the account was used.
FEATURES = (
    Feature("log_amount", "AMOUNT", lambda f: np.log(f["amount"])),
    Feature("hour_sin", "TIME_OF_DAY", lambda f: np.sin(_angle(f))),
    Feature("hour_cos", "TIME_OF_DAY", lambda f: np.cos(_angle(f))),
    Feature("log_age", "AGE_OF_ACCOUNT", lambda f: np.log1p(f["age_of_account"])),
    Feature("log_number", "NUMBER_OF_TRANSACTIONS", lambda f: np.log(f["number_of_transactions"])),
    Feature(
        "log_rate",
        "NUMBER_OF_TRANSACTIONS",
        lambda f: np.log(f["number_of_transactions"]) - np.log1p(_days(f)),
    ),
)

FEATURE_NAMES = tuple(feature.name for feature in FEATURES)


def matrix(facts: Facts) -> npt.NDArray[np.float64]:
    """Return the features of every row: shape (rows, len(FEATURES)), float64, all finite.

    The facts must hold to RULES; see `sound`.
    """
    rows = len(facts[FACTS[0]])
    out = np.empty((rows, len(FEATURES)), dtype=np.float64)
    for index, feature in enumerate(FEATURES):
        out[:, index] = feature.compute(facts)
    return out


def row_errors(facts: Facts) -> dict[int, str]:
    """Return what is wrong, by index of the row: the fact and the rule, each that is broken."""
    errors: dict[int, str] = {}
    for rule in RULES:
        holds = rule.holds(facts[rule.fact])
        if holds.all():
            continue
        text = f"{rule.fact} must be {rule.text}"
        for row in np.flatnonzero(~holds).tolist():
            errors[row] = f"{errors[row]}; {text}" if row in errors else text
    return errors


def sound(facts: Facts, errors: Mapping[int, str]) -> Facts:
    """Return the facts with the rows in `errors` replaced, so that the others can be scored."""
    if not errors:
        return facts
    bad = np.fromiter(errors, dtype=np.intp, count=len(errors))
    columns = {name: facts[name].copy() for name in FACTS}
    for name, column in columns.items():
        column[bad] = _NEUTRAL[name]
    return columns
