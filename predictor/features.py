"""From facts to features, once: training and serving both come through here.

A fact is what the gateway knows of a transaction when it is recorded. A feature
is what a model sees. No feature tells an account or a date: a model may learn that
03:00 is odd, never that the third of May was. Where an account's age or number
goes on growing it would tell both, so that it is cut off once the account is old.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from predictor.errors import ModelError

Column = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Facts = Mapping[str, Column]

_DAY = 86_400.0
_WEEK = 7 * _DAY
_YEAR_10000 = 253_402_300_800.0
_ANY_AGE = 90.0
_ANY_NUMBER = 100.0


class Fact(NamedTuple):
    """What a fact must hold to in every row."""

    name: str
    low: float
    high: float
    rule: str
    neutral: float  # Stands in for the value of a row that cannot be scored.

    @property
    def whole(self) -> bool:
        """Whether it has no fraction."""
        return "whole" in self.rule


class Reason(NamedTuple):
    """What a person is told contributed to a score."""

    code: str
    text: str
    value: Callable[[Facts], Column]


class Feature(NamedTuple):
    """One column of the feature matrix, and the reason under which it is explained."""

    name: str
    reason: str
    facts: tuple[str, ...]
    compute: Callable[[Facts], Column]


_TINY, _HUGE, _LARGEST = 5e-324, 1e300, 1.7976931348623157e308
_COUNT = "a whole number, at least 1"
_SECONDS = "a whole number of seconds, at least 0"
_AMOUNT = "finite and above 0"

KNOWN_FACTS = {
    fact.name: fact
    for fact in (
        Fact("amount", _TINY, _LARGEST, _AMOUNT, 1.0),
        Fact("time", 0.0, _YEAR_10000 - 1e-3, "in seconds, in the years 1970 to 9999", 0.0),
        Fact("age_of_account", 0.0, _LARGEST, _SECONDS, 0.0),
        Fact("number_of_transactions", 1.0, _LARGEST, _COUNT, 1.0),
        Fact("seconds_since_previous", 0.0, _LARGEST, _SECONDS, 0.0),
        Fact("amount_last_hour", _TINY, _LARGEST, _AMOUNT, 1.0),
        Fact("amount_last_day", _TINY, _LARGEST, _AMOUNT, 1.0),
        Fact("amount_last_week", _TINY, _LARGEST, _AMOUNT, 1.0),
        Fact("transactions_last_week", 1.0, _LARGEST, _COUNT, 1.0),
    )
}

FACTS = tuple(KNOWN_FACTS)
"""Names of the facts, each a float64 column with one value for each row.

amount in units of the currency; time in seconds since 1970 (UTC); age_of_account
in whole seconds; number_of_transactions counts the account's transactions up to
and including this one. seconds_since_previous is the age of the account for its
first; the amounts and the number of the last hour, day and week are over 3,600,
86,400 and 604,800 seconds and include this one.
"""

SEED_FACTS = FACTS[:4]
"""Those that PredictFraud carries."""


def _hour(facts: Facts) -> Column:
    # Of whole seconds: hosts are told no parts of them, and files may have some.
    hour: Column = np.floor(np.mod(facts["time"], _DAY)) / 3600.0
    return hour


def _angle(facts: Facts) -> Column:
    return _hour(facts) * (2.0 * np.pi / 24.0)


def _days(facts: Facts) -> Column:
    return facts["age_of_account"] / _DAY


def _log_sum(facts: Facts, name: str) -> Column:
    # Rounded, because the order in which it was summed up shows in the last digits.
    # Sums that rounding would take beyond all numbers are as good as the limit.
    total: Column = np.log1p(np.round(np.minimum(facts[name], _HUGE), 6))
    return total


REASONS = {
    reason.code: reason
    for reason in (
        Reason("AMOUNT", "Amount, in units of the currency", lambda f: f["amount"]),
        Reason("TIME_OF_DAY", "Time of day, in hours from 0 to 24 (UTC)", _hour),
        Reason("AGE_OF_ACCOUNT", "Age of the account, in days", _days),
        Reason(
            "NUMBER_OF_TRANSACTIONS",
            "Transactions of the account so far, this one included",
            lambda f: f["number_of_transactions"],
        ),
        Reason(
            "TIME_SINCE_PREVIOUS",
            "Time since the account's transaction before, in seconds",
            lambda f: f["seconds_since_previous"],
        ),
        Reason(
            "RECENT_AMOUNT",
            "Amount of the account's last 24 hours, this transaction included",
            lambda f: f["amount_last_day"],
        ),
        Reason(
            "RECENT_TRANSACTIONS",
            "Transactions of the account's last 7 days, this one included",
            lambda f: f["transactions_last_week"],
        ),
    )
}

_RATE = ("number_of_transactions", "age_of_account")

# The rate needs the age too. It is explained as a matter of number, because what
# it adds to the age alone is how often the account was used.
KNOWN_FEATURES = {
    feature.name: feature
    for feature in (
        Feature("log_amount", "AMOUNT", ("amount",), lambda f: np.log(f["amount"])),
        Feature("hour", "TIME_OF_DAY", ("time",), _hour),
        Feature("hour_sin", "TIME_OF_DAY", ("time",), lambda f: np.sin(_angle(f))),
        Feature("hour_cos", "TIME_OF_DAY", ("time",), lambda f: np.cos(_angle(f))),
        Feature(
            "young_days",
            "AGE_OF_ACCOUNT",
            ("age_of_account",),
            lambda f: np.minimum(_days(f), _ANY_AGE),
        ),
        Feature(
            "early_number",
            "NUMBER_OF_TRANSACTIONS",
            ("number_of_transactions",),
            lambda f: np.minimum(f["number_of_transactions"], _ANY_NUMBER),
        ),
        Feature(
            "log_rate",
            "NUMBER_OF_TRANSACTIONS",
            _RATE,
            lambda f: np.log(f["number_of_transactions"]) - np.log1p(_days(f)),
        ),
        Feature(
            "log_gap",
            "TIME_SINCE_PREVIOUS",
            ("seconds_since_previous",),
            lambda f: np.log1p(np.minimum(f["seconds_since_previous"], _WEEK)),
        ),
        Feature(
            "log_amount_last_hour",
            "RECENT_AMOUNT",
            ("amount_last_hour",),
            lambda f: _log_sum(f, "amount_last_hour"),
        ),
        Feature(
            "log_amount_last_day",
            "RECENT_AMOUNT",
            ("amount_last_day",),
            lambda f: _log_sum(f, "amount_last_day"),
        ),
        Feature(
            "log_amount_last_week",
            "RECENT_AMOUNT",
            ("amount_last_week",),
            lambda f: _log_sum(f, "amount_last_week"),
        ),
        Feature(
            "log_transactions_last_week",
            "RECENT_TRANSACTIONS",
            ("transactions_last_week",),
            lambda f: np.log(f["transactions_last_week"]),
        ),
    )
}

# The hour itself is as good for trees as its angle, and one column fewer.
DEFAULT_FEATURES = tuple(n for n in KNOWN_FEATURES if n not in ("hour_sin", "hour_cos"))
"""What training takes unless it is told otherwise."""


class Extractor:
    """The features of one model, by name and in its order. Raises ModelError for unknown names."""

    def __init__(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in KNOWN_FEATURES:
                raise ModelError(f"feature {name!r} is not known; there are {_ALL}")
        if len(set(names)) != len(names) or not names:
            raise ModelError("features must be named, and none of them twice")
        self._features = [KNOWN_FEATURES[name] for name in names]
        needed = {fact for feature in self._features for fact in feature.facts}
        # What a reason shows may be another fact than its features read.
        codes = {feature.reason for feature in self._features}
        needed |= {fact for code in codes for fact in _SHOWN.get(code, ())}
        self.facts = tuple(name for name in FACTS if name in needed)
        self.reasons = {
            REASONS[code]: [i for i, f in enumerate(self._features) if f.reason == code]
            for code in REASONS
            if code in codes
        }
        rules = [KNOWN_FACTS[name] for name in self.facts]
        self._low = np.array([[rule.low] for rule in rules])
        self._high = np.array([[rule.high] for rule in rules])
        self._whole = [i for i, rule in enumerate(rules) if rule.whole]

    def matrix(self, facts: Facts) -> npt.NDArray[np.float64]:
        """Return the features of every row: shape (rows, features), float64, all finite.

        The facts must hold to the rules of KNOWN_FACTS; see `sound`.
        """
        rows = len(facts[self.facts[0]])
        out = np.empty((rows, len(self._features)), dtype=np.float64)
        for index, feature in enumerate(self._features):
            out[:, index] = feature.compute(facts)
        return out

    def row_errors(self, facts: Facts) -> dict[int, str]:
        """Return what is wrong, by index of the row: the fact and the rule, each that is broken."""
        table = np.stack([facts[name] for name in self.facts])
        # A comparison with NaN is false, so that it refuses NaN without asking.
        with np.errstate(invalid="ignore"):  # There are NaNs that complain.
            holds = (table >= self._low) & (table <= self._high)
            holds[self._whole] &= np.floor(table[self._whole]) == table[self._whole]
        if holds.all():
            return {}
        errors: dict[int, str] = {}
        for row, at in np.argwhere(~holds.T).tolist():
            fact = KNOWN_FACTS[self.facts[at]]
            text = f"{fact.name} must be {fact.rule}"
            errors[row] = f"{errors[row]}; {text}" if row in errors else text
        return errors

    def sound(self, facts: Facts, errors: Mapping[int, str]) -> Facts:
        """Return facts with the rows in `errors` replaced, so that the others can be scored."""
        if not errors:
            return facts
        bad = np.fromiter(errors, dtype=np.intp, count=len(errors))
        columns = {name: facts[name].copy() for name in self.facts}
        for name, column in columns.items():
            column[bad] = KNOWN_FACTS[name].neutral
        return columns


def computable(facts: Sequence[str]) -> tuple[str, ...]:
    """Return those of DEFAULT_FEATURES that need no other facts than these."""
    return tuple(n for n in DEFAULT_FEATURES if set(Extractor((n,)).facts) <= set(facts))


_SHOWN = {"RECENT_AMOUNT": ("amount_last_day",)}
_ALL = ", ".join(KNOWN_FEATURES)
