import itertools

import numpy as np
import pytest

from predictor.errors import ModelError
from predictor.features import (
    DEFAULT_FEATURES,
    FACTS,
    KNOWN_FACTS,
    KNOWN_FEATURES,
    REASONS,
    SEED_FACTS,
    Column,
    Extractor,
    computable,
)

from .conftest import random_facts

DAY = 86_400.0
NOON = DAY / 2
EVERY = Extractor(tuple(KNOWN_FEATURES))

PLAIN = dict.fromkeys(FACTS, 1.0)
"""A row that holds to every rule."""


def rows(*changes: dict[str, float]) -> dict[str, Column]:
    table = [{**PLAIN, **change} for change in changes]
    return {name: np.array([row[name] for row in table], dtype=np.float64) for name in FACTS}


def feature(name: str, facts: dict[str, Column]) -> list[float]:
    values: list[float] = Extractor([name]).matrix(facts)[:, 0].tolist()
    return values


@pytest.mark.parametrize(
    ("name", "fact", "value", "expected"),
    [
        ("log_amount", "amount", 1.0, 0.0),
        ("log_amount", "amount", np.e, 1.0),
        ("hour", "time", 0.0, 0.0),
        ("hour", "time", 20_000 * DAY + 3.25 * 3600, 3.25),
        ("hour", "time", DAY - 1, 24 - 1 / 3600),
        ("hour_sin", "time", 0.0, 0.0),
        ("hour_sin", "time", 6 * 3600, 1.0),
        ("hour_sin", "time", 18 * 3600, -1.0),
        ("hour_cos", "time", 0.0, 1.0),
        ("hour_cos", "time", 20_000 * DAY + NOON, -1.0),
        ("young_days", "age_of_account", 0.0, 0.0),
        ("young_days", "age_of_account", 1.5 * DAY, 1.5),
        ("young_days", "age_of_account", 90 * DAY, 90.0),
        ("early_number", "number_of_transactions", 1.0, 1.0),
        ("early_number", "number_of_transactions", 100.0, 100.0),
        ("log_gap", "seconds_since_previous", 0.0, 0.0),
        ("log_gap", "seconds_since_previous", 59.0, np.log(60)),
        ("log_gap", "seconds_since_previous", 7 * DAY, np.log(7 * DAY + 1)),
        ("log_amount_last_hour", "amount_last_hour", np.e - 1, 1.0),
        ("log_amount_last_day", "amount_last_day", 99.0, np.log(100)),
        ("log_amount_last_week", "amount_last_week", 0.5, np.log(1.5)),
        ("log_transactions_last_week", "transactions_last_week", 1.0, 0.0),
        ("log_transactions_last_week", "transactions_last_week", 12.0, np.log(12)),
    ],
)
def test_a_feature_has_its_value(name: str, fact: str, value: float, expected: float) -> None:
    # Sums are rounded to six places, and e is no round sum.
    assert feature(name, rows({fact: value})) == pytest.approx([expected], abs=1e-6)


@pytest.mark.parametrize(
    ("number", "days", "expected"), [(7, 0, np.log(7)), (7, 6, 0.0), (1, 99, -np.log(100))]
)
def test_the_rate_is_transactions_a_day(number: float, days: float, expected: float) -> None:
    facts = rows({"number_of_transactions": number, "age_of_account": days * DAY})
    assert feature("log_rate", facts) == pytest.approx([expected], abs=1e-12)


def test_a_feature_reads_the_facts_it_names_and_no_other() -> None:
    rng = np.random.default_rng(5)
    facts, others = random_facts(rng, 200), random_facts(rng, 200)
    for name, known in KNOWN_FEATURES.items():
        mixed = {fact: facts[fact] if fact in known.facts else others[fact] for fact in FACTS}
        assert feature(name, mixed) == feature(name, facts)
        for fact in known.facts:
            assert feature(name, {**facts, fact: others[fact]}) != feature(name, facts)


@pytest.mark.parametrize("days", [1, 7, 217, 3_653])
def test_the_date_is_not_seen(days: int) -> None:
    facts = random_facts(np.random.default_rng(days), 2_000)
    later = {**facts, "time": facts["time"] + days * DAY}
    np.testing.assert_array_equal(EVERY.matrix(facts), EVERY.matrix(later))


def test_parts_of_a_second_are_not_seen() -> None:
    """A host is told whole seconds, and a file may have more."""
    facts = random_facts(np.random.default_rng(8), 2_000)
    parts = np.random.default_rng(9).integers(0, 10**6, 2_000) / 1e6
    later = {**facts, "time": facts["time"] + parts}
    np.testing.assert_array_equal(EVERY.matrix(facts), EVERY.matrix(later))


@pytest.mark.parametrize(
    ("name", "fact", "limit"),
    [
        ("young_days", "age_of_account", 90 * DAY),
        ("early_number", "number_of_transactions", 100.0),
        ("log_gap", "seconds_since_previous", 7 * DAY),
    ],
)
def test_what_would_tell_an_old_account_stands_still(name: str, fact: str, limit: float) -> None:
    below, at, *beyond = feature(
        name, rows(*({fact: x} for x in (limit - 1, limit, limit + 1, limit * 50, 2.0**31 - 1)))
    )
    assert below < at
    assert beyond == [at] * 3


def test_the_order_in_which_a_sum_was_added_up_is_not_seen() -> None:
    one = (0.1 + 0.2) + 0.3
    other = 0.1 + (0.2 + 0.3)
    assert one != other
    for when in ("hour", "day", "week"):
        found = feature(
            f"log_amount_last_{when}",
            rows({f"amount_last_{when}": one}, {f"amount_last_{when}": other}),
        )
        assert found[0] == found[1]


def test_a_minute_before_midnight_lies_beside_a_minute_after_on_the_circle() -> None:
    circle = Extractor(("hour_sin", "hour_cos"))
    table = circle.matrix(rows({"time": DAY - 60}, {"time": DAY + 60}))
    assert np.abs(table[0] - table[1]).max() < 0.01


def test_every_feature_is_finite_in_every_corner() -> None:
    ends = [
        (fact.low, 1.0 if fact.name != "time" else NOON, min(fact.high, 2.0**31 - 1), fact.high)
        for fact in KNOWN_FACTS.values()
    ]
    corners = np.array(list(itertools.product(*(pair[::3] for pair in ends))))
    between = np.array([list(column) for column in zip(*ends, strict=True)])
    table = np.concatenate([corners, between])
    facts = {name: table[:, i] for i, name in enumerate(FACTS)}
    assert len(table) == 2**9 + 4
    assert EVERY.row_errors(facts) == {}
    assert np.isfinite(EVERY.matrix(facts)).all()


def test_a_row_has_the_same_features_alone_and_among_others() -> None:
    facts = random_facts(np.random.default_rng(3), 501)
    together = EVERY.matrix(facts)
    for row in range(0, 501, 50):
        alone = EVERY.matrix({name: values[row : row + 1] for name, values in facts.items()})
        np.testing.assert_allclose(alone[0], together[row], rtol=1e-14, atol=1e-14)


def test_features_stand_in_the_order_of_the_model() -> None:
    facts = random_facts(np.random.default_rng(4), 9)
    turned = Extractor(tuple(KNOWN_FEATURES)[::-1])
    np.testing.assert_array_equal(turned.matrix(facts), EVERY.matrix(facts)[:, ::-1])


def test_no_rows_have_no_features() -> None:
    nothing = {name: np.empty(0) for name in FACTS}
    assert EVERY.matrix(nothing).shape == (0, len(KNOWN_FEATURES))
    assert EVERY.row_errors(nothing) == {}


AMOUNT, COUNT = "finite and above 0", "a whole number, at least 1"
SECONDS = "a whole number of seconds, at least 0"
YEARS = "in seconds, in the years 1970 to 9999"
RULES = {
    "amount": AMOUNT,
    "time": YEARS,
    "age_of_account": SECONDS,
    "number_of_transactions": COUNT,
    "seconds_since_previous": SECONDS,
    "amount_last_hour": AMOUNT,
    "amount_last_day": AMOUNT,
    "amount_last_week": AMOUNT,
    "transactions_last_week": COUNT,
}
BROKEN = {
    AMOUNT: (0.0, -0.0, -1.0, -5e-324),
    YEARS: (-1.0, -1e-9, 253_402_300_800.0, 1.7e12),
    SECONDS: (-1.0, 0.5, 1e9 + 0.5),
    COUNT: (0.0, -1.0, 1.5, 0.999999),
}


@pytest.mark.parametrize("fact", FACTS)
def test_a_broken_rule_is_named(fact: str) -> None:
    for value in (*BROKEN[RULES[fact]], np.nan, np.inf, -np.inf):
        errors = EVERY.row_errors(rows({}, {fact: value}, {}))
        assert errors == {1: f"{fact} must be {RULES[fact]}"}, value


KEPT = {
    AMOUNT: (5e-324, 0.01, 1e300, 1.7976931348623157e308),
    YEARS: (0.0, -0.0, 0.5, 253_402_300_799.999),
    SECONDS: (0.0, -0.0, 1.0, 2.0**31, 1e300),
    COUNT: (1.0, 2.0**31, 1e300),
}


@pytest.mark.parametrize("fact", FACTS)
def test_what_holds_to_a_rule_is_taken(fact: str) -> None:
    facts = rows(*({fact: value} for value in KEPT[RULES[fact]]))
    assert EVERY.row_errors(facts) == {}


def test_a_signalling_nan_is_refused_as_any_other() -> None:
    bits = np.array([0x7FF0000000000001, 0xFFF0000000000001], dtype=np.uint64)
    facts = {**rows({}, {}), "age_of_account": bits.view(np.float64)}
    assert list(EVERY.row_errors(facts)) == [0, 1]


def test_every_rule_that_a_row_breaks_is_named() -> None:
    errors = EVERY.row_errors(rows({"amount": 0, "time": -1, "transactions_last_week": np.nan}))
    assert errors == {
        0: f"amount must be {AMOUNT}; time must be {YEARS}; transactions_last_week must be {COUNT}"
    }


def test_a_fact_that_no_feature_needs_may_be_anything() -> None:
    facts = {"time": np.zeros(1), "amount": np.array([np.nan])}
    hour = Extractor(["hour"])
    assert hour.row_errors(facts) == {}
    assert list(hour.sound(facts, {0: "?"})) == ["time"]


def test_a_bad_row_leaves_the_others_as_they_were() -> None:
    facts = random_facts(np.random.default_rng(6), 3)
    for column in facts.values():
        column[1] = np.nan
    usable = EVERY.sound(facts, EVERY.row_errors(facts))
    assert EVERY.row_errors(usable) == {}
    assert np.isfinite(EVERY.matrix(usable)).all()
    for name in FACTS:
        assert usable[name][[0, 2]].tolist() == facts[name][[0, 2]].tolist()
        assert np.isnan(facts[name][1])


def test_every_reason_explains_a_feature_and_every_feature_has_one() -> None:
    assert {feature.reason for feature in KNOWN_FEATURES.values()} == set(REASONS)
    places = sorted(itertools.chain.from_iterable(EVERY.reasons.values()))
    assert places == list(range(len(KNOWN_FEATURES)))


def test_a_model_has_the_reasons_of_its_features_alone() -> None:
    found = Extractor(("log_rate", "hour", "early_number"))
    assert found.reasons == {REASONS["TIME_OF_DAY"]: [1], REASONS["NUMBER_OF_TRANSACTIONS"]: [0, 2]}
    assert found.facts == ("time", "age_of_account", "number_of_transactions")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AMOUNT", 2349.99),
        ("TIME_OF_DAY", 3.25),
        ("AGE_OF_ACCOUNT", 2.5),
        ("NUMBER_OF_TRANSACTIONS", 17.0),
        ("TIME_SINCE_PREVIOUS", 720.0),
        ("RECENT_AMOUNT", 4075.49),
        ("RECENT_TRANSACTIONS", 9.0),
    ],
)
def test_a_reason_tells_its_value(code: str, expected: float) -> None:
    facts = rows(
        {
            "amount": 2349.99,
            "time": 500 * DAY + 3.25 * 3600,
            "age_of_account": 2.5 * DAY,
            "number_of_transactions": 17,
            "seconds_since_previous": 720,
            "amount_last_hour": 3000,
            "amount_last_day": 4075.49,
            "amount_last_week": 6001,
            "transactions_last_week": 9,
        }
    )
    assert REASONS[code].value(facts).tolist() == pytest.approx([expected])


def test_a_model_needs_what_its_reasons_show() -> None:
    assert Extractor(["log_amount_last_hour"]).facts == ("amount_last_hour", "amount_last_day")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["hour", "zodiac"], "feature 'zodiac' is not known; there are log_amount, hour, "),
        (["hour", "hour"], "none of them twice"),
        ([], "features must be named"),
    ],
)
def test_features_that_are_none_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Extractor(names)


def test_what_can_be_computed_needs_no_other_fact() -> None:
    assert computable(FACTS) == DEFAULT_FEATURES
    assert computable(SEED_FACTS) == DEFAULT_FEATURES[:5]
    for count in range(1, len(FACTS) + 1):
        for some in itertools.combinations(FACTS, count):
            if names := computable(some):
                assert set(Extractor(names).facts) <= set(some)


def test_the_seeds_facts_are_those_that_predict_fraud_carries() -> None:
    assert SEED_FACTS == ("amount", "time", "age_of_account", "number_of_transactions")
