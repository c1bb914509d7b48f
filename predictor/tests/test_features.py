import numpy as np
import pytest

from predictor import features
from predictor.features import FACTS, FEATURE_NAMES, FEATURES, REASONS, Column


def rows(*values: tuple[float, float, float, float]) -> dict[str, Column]:
    table = np.array(values, dtype=np.float64)
    return {name: table[:, i] for i, name in enumerate(FACTS)}


def column(name: str, facts: dict[str, Column]) -> list[float]:
    values: list[float] = features.matrix(facts)[:, FEATURE_NAMES.index(name)].tolist()
    return values


NOON = 43_200.0
DAY = 86_400.0


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("log_amount", (1.0, 0, 0, 1), 0.0),
        ("log_amount", (np.e, 0, 0, 1), 1.0),
        ("hour_sin", (1, 0, 0, 1), 0.0),
        ("hour_sin", (1, 6 * 3600, 0, 1), 1.0),
        ("hour_sin", (1, 18 * 3600, 0, 1), -1.0),
        ("hour_cos", (1, 0, 0, 1), 1.0),
        ("hour_cos", (1, NOON, 0, 1), -1.0),
        ("hour_cos", (1, 20_000 * DAY + NOON, 0, 1), -1.0),
        ("log_age", (1, 0, 0, 1), 0.0),
        ("log_age", (1, 0, DAY, 1), np.log(DAY + 1)),
        ("log_number", (1, 0, 0, 1), 0.0),
        ("log_number", (1, 0, 0, 100), np.log(100)),
        ("log_rate", (1, 0, 0, 7), np.log(7)),
        ("log_rate", (1, 0, 6 * DAY, 7), 0.0),
    ],
)
def test_a_feature_has_its_value(
    name: str, facts: tuple[float, float, float, float], expected: float
) -> None:
    assert column(name, rows(facts)) == pytest.approx([expected], abs=1e-12)


def test_the_date_is_not_seen() -> None:
    monday = features.matrix(rows((9.0, 1_780_300_800.0, 5_000.0, 3.0)))
    other = features.matrix(rows((9.0, 1_780_300_800.0 + 217 * DAY, 5_000.0, 3.0)))
    np.testing.assert_allclose(monday, other, atol=1e-9)


def test_a_minute_before_midnight_lies_beside_a_minute_after() -> None:
    table = features.matrix(rows((1, DAY - 60, 0, 1), (1, DAY + 60, 0, 1)))
    assert np.abs(table[0] - table[1]).max() < 0.01


def test_every_feature_is_finite_in_every_corner() -> None:
    corners = [
        (amount, time, age, number)
        for amount in (5e-324, 0.01, 1.7e308)
        for time in (0.0, 253_402_300_799.0)
        for age in (0.0, 2.0**31 - 1, 1e300)
        for number in (1.0, 2.0**31 - 1, 1e300)
    ]
    assert features.row_errors(rows(*corners)) == {}
    assert np.isfinite(features.matrix(rows(*corners))).all()


def test_a_row_has_the_same_features_alone_and_among_others() -> None:
    rng = np.random.default_rng(3)
    facts = {
        "amount": rng.lognormal(3, 2, 501),
        "time": rng.uniform(0, 2e9, 501),
        "age_of_account": np.floor(rng.uniform(0, 1e8, 501)),
        "number_of_transactions": np.floor(rng.uniform(1, 900, 501)),
    }
    together = features.matrix(facts)
    for row in range(0, 501, 50):
        alone = features.matrix({name: values[row : row + 1] for name, values in facts.items()})
        np.testing.assert_allclose(alone[0], together[row], rtol=1e-14, atol=1e-14)


def test_no_rows_have_no_features() -> None:
    assert features.matrix({name: np.empty(0) for name in FACTS}).shape == (0, len(FEATURES))


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ((0, 0, 0, 1), "amount must be finite and above 0"),
        ((-1, 0, 0, 1), "amount must be finite and above 0"),
        ((np.nan, 0, 0, 1), "amount must be finite and above 0"),
        ((np.inf, 0, 0, 1), "amount must be finite and above 0"),
        ((1, -1, 0, 1), "time must be in the years 1970 to 9999"),
        ((1, 253_402_300_800, 0, 1), "time must be in the years 1970 to 9999"),
        ((1, np.nan, 0, 1), "time must be in the years 1970 to 9999"),
        ((1, 0, -1, 1), "age_of_account must be a whole number of seconds, at least 0"),
        ((1, 0, 0.5, 1), "age_of_account must be a whole number of seconds, at least 0"),
        ((1, 0, np.inf, 1), "age_of_account must be a whole number of seconds, at least 0"),
        ((1, 0, np.nan, 1), "age_of_account must be a whole number of seconds, at least 0"),
        ((1, 0, 0, 0), "number_of_transactions must be a whole number, at least 1"),
        ((1, 0, 0, 1.5), "number_of_transactions must be a whole number, at least 1"),
        ((1, 0, 0, np.nan), "number_of_transactions must be a whole number, at least 1"),
        ((1, 0, 0, -np.inf), "number_of_transactions must be a whole number, at least 1"),
    ],
)
def test_a_broken_rule_is_named(facts: tuple[float, float, float, float], message: str) -> None:
    assert features.row_errors(rows((1, 0, 0, 1), facts)) == {1: message}


def test_every_rule_that_a_row_breaks_is_named() -> None:
    errors = features.row_errors(rows((0, -1, 0, 1)))
    assert errors == {
        0: "amount must be finite and above 0; time must be in the years 1970 to 9999"
    }


def test_a_bad_row_leaves_the_others_as_they_were() -> None:
    facts = rows((1, 0, 0, 1), (np.nan, -5, -1, 0), (2, 60, 9, 3))
    usable = features.sound(facts, features.row_errors(facts))
    assert features.row_errors(usable) == {}
    for name in FACTS:
        assert usable[name][[0, 2]].tolist() == facts[name][[0, 2]].tolist()
    assert np.isnan(facts["amount"][1])


def test_every_feature_is_explained_under_a_reason() -> None:
    codes = [reason.code for reason in REASONS]
    assert sorted({feature.reason for feature in FEATURES}) == sorted(codes)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AMOUNT", 2349.99),
        ("TIME_OF_DAY", 3.25),
        ("AGE_OF_ACCOUNT", 2.5),
        ("NUMBER_OF_TRANSACTIONS", 17.0),
    ],
)
def test_a_reason_tells_its_value(code: str, expected: float) -> None:
    facts = rows((2349.99, 500 * DAY + 3.25 * 3600, 2.5 * DAY, 17))
    reason = next(reason for reason in REASONS if reason.code == code)
    assert reason.value(facts).tolist() == pytest.approx([expected])
