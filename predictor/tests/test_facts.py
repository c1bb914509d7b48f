import numpy as np
import pytest

from predictor import facts
from predictor.features import DEFAULT_FEATURES, FACTS, Column, Extractor

HOUR, DAY, WEEK = 3_600.0, 86_400.0, 604_800.0
WINDOWS = {"amount_last_hour": HOUR, "amount_last_day": DAY, "amount_last_week": WEEK}
MAX = 2.0**31 - 1


def of_one(
    times: list[float], amounts: list[float] | None = None, opened_at: float | None = None
) -> dict[str, list[float]]:
    """Return the facts of one account's transactions."""
    opened = {} if opened_at is None else {"a": opened_at}
    found = facts.compute(["a"] * len(times), amounts or [1.0] * len(times), times, opened)
    return {name: column.tolist() for name, column in found.items()}


def naive(
    accounts: list[str], amounts: list[float], times: list[float], opened_at: dict[str, float]
) -> dict[str, list[float]]:
    """The definition, word for word: for each row, look at every row that arrived before."""
    found: dict[str, list[float]] = {name: [] for name in FACTS}
    for i, (account, time) in enumerate(zip(accounts, times, strict=True)):
        opened = opened_at.get(account, times[accounts.index(account)])
        age = min(max(float(int(time - opened)), 0.0), MAX)
        before = [j for j in range(i) if accounts[j] == account and times[j] <= time]
        found["amount"].append(amounts[i])
        found["time"].append(time)
        found["age_of_account"].append(age)
        found["number_of_transactions"].append(len(before) + 1.0)
        gaps = [time - times[j] for j in before]
        found["seconds_since_previous"].append(float(int(min(gaps))) if gaps else age)
        for name, width in WINDOWS.items():
            recent = [amounts[j] for j in before if time - times[j] < width]
            found[name].append(sum(recent) + amounts[i])
        week = [j for j in before if time - times[j] < WEEK]
        found["transactions_last_week"].append(len(week) + 1.0)
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("spread", [5, 60, 40_000, 400_000, 4_000_000])
def test_facts_agree_with_their_definition(seed: int, spread: int) -> None:
    rng = np.random.default_rng(seed)
    accounts = [f"a{n}" for n in rng.integers(0, 6, 300)]
    # Quarters add up exactly in any order. A narrow spread makes ties, whole hours meet the
    # edges of the windows, and unsorted times make late rows.
    amounts = (rng.integers(1, 4_000, 300) / 4).tolist()
    times = rng.integers(0, spread, 300).astype(float)
    times = np.where(rng.random(300) < 0.5, times // HOUR * HOUR, times)
    order = np.argsort(times + rng.exponential(spread / 50, 300) * (rng.random(300) < 0.3))
    moments = times[order].tolist()
    opened = {"a0": -1e6, "a1": spread / 2, "a2": -1e12, "stranger": 0.0}
    found = facts.compute(accounts, amounts, moments, opened)
    assert tuple(found) == ("amount", "time", *FACTS[2:])
    expected = naive(accounts, amounts, moments, opened)
    assert {name: column.tolist() for name, column in found.items()} == expected


@pytest.mark.parametrize(
    ("times", "numbers", "gaps"),
    [
        ([1, 2, 4], [1, 2, 3], [0, 1, 2]),
        ([5, 5, 5], [1, 2, 3], [0, 0, 0]),  # Ties count in order of arrival.
        ([3, 1, 2], [1, 1, 2], [0, 0, 1]),  # Late rows count what lies before them.
        ([1, 4, 2, 4], [1, 2, 2, 4], [0, 3, 1, 0]),  # What was frozen stays.
    ],
)
def test_a_row_counts_what_arrived_and_is_not_later(
    times: list[float], numbers: list[float], gaps: list[float]
) -> None:
    found = of_one(times)
    assert found["number_of_transactions"] == numbers
    assert found["seconds_since_previous"] == gaps


@pytest.mark.parametrize(("name", "width"), WINDOWS.items())
@pytest.mark.parametrize("start", [0.0, 1_780_300_800.0, 1_780_300_800.7])
def test_a_window_ends_just_before_its_width(name: str, width: float, start: float) -> None:
    edge = start + width
    assert of_one([start, edge], [3.0, 4.0])[name] == [3.0, 4.0]
    assert of_one([start, edge - 1e-6], [3.0, 4.0])[name] == [3.0, 7.0]
    assert of_one([start, start], [3.0, 4.0])[name] == [3.0, 7.0]


def test_the_number_of_the_week_is_over_the_same_window_as_its_amount() -> None:
    found = of_one([0, 1, WEEK - 1, WEEK, WEEK + 1], [1, 2, 4, 8, 16])
    assert found["transactions_last_week"] == [1, 2, 3, 3, 3]
    assert found["amount_last_week"] == [1, 3, 7, 14, 28]


def test_a_late_row_sees_the_windows_before_it_and_changes_none() -> None:
    found = of_one([0, 2 * HOUR, HOUR - 1, 2 * HOUR], [1, 2, 4, 8])
    assert found["amount_last_hour"] == [1, 2, 5, 10]
    assert found["amount_last_day"] == [1, 3, 5, 15]


def test_the_gap_of_the_first_is_the_age() -> None:
    assert of_one([100.0, 160.0], opened_at=30.0)["seconds_since_previous"] == [70, 60]
    late = of_one([100.0, 40.0], opened_at=30.0)
    assert late["seconds_since_previous"] == [70, 10]
    assert late["age_of_account"] == [70, 10]


def test_an_account_without_a_known_opening_opens_with_its_first_arrival() -> None:
    assert of_one([100.0, 160.0, 40.0])["age_of_account"] == [0, 60, 0]


def test_whole_facts_are_whole_at_least_zero_and_capped() -> None:
    assert of_one([9.9], opened_at=0.0)["age_of_account"] == [9]
    assert of_one([5.0], opened_at=9.0)["age_of_account"] == [0]
    assert of_one([5.0], opened_at=9.0)["seconds_since_previous"] == [0]
    assert of_one([1e10], opened_at=0.0)["age_of_account"] == [MAX]
    assert of_one([0.0, 1e10], opened_at=0.0)["seconds_since_previous"] == [0, MAX]


def test_seconds_are_counted_between_microseconds_not_between_floats() -> None:
    # A float of 1999 has more digits than one of 2026: their difference is 5.96e-8 too small.
    assert 1_780_300_800.1 - 946_684_800.1 < 833_616_000
    found = of_one([1_780_300_800.1], opened_at=946_684_800.1)
    assert found["age_of_account"] == [833_616_000]


def test_amounts_add_up_to_the_cent() -> None:
    # A plain sum of ten times 0.1 is 0.9999999999999999.
    found = of_one([1e9 + i for i in range(10)], [0.1] * 10)
    for name in WINDOWS:
        assert found[name][-1] == 1.0


def test_a_sum_beyond_all_numbers_is_capped() -> None:
    found = of_one([1.0, 2.0], [1.7e308, 1.7e308])
    for name in WINDOWS:
        assert found[name] == [1.7e308, 1.7976931348623157e308]


def test_accounts_do_not_count_each_other() -> None:
    found = facts.compute(["a", "b", "a"], [1.0, 2.0, 4.0], [1.0, 2.0, 3.0], {})
    assert found["number_of_transactions"].tolist() == [1, 1, 2]
    assert found["amount_last_day"].tolist() == [1, 2, 5]
    assert found["seconds_since_previous"].tolist() == [0, 0, 2]


def test_what_is_computed_holds_to_the_rules_of_facts() -> None:
    rng = np.random.default_rng(9)
    times = rng.integers(0, 10**6, 2_000).astype(float).tolist()
    accounts = [f"a{n}" for n in rng.integers(0, 30, 2_000)]
    amounts: Column = np.round(rng.lognormal(3, 2, 2_000), 2) + 0.01
    found = facts.compute(accounts, amounts.tolist(), times, {"a1": 9e9, "a2": -9e9})
    assert Extractor(DEFAULT_FEATURES).row_errors(found) == {}
    assert (found["amount_last_hour"] >= found["amount"]).all()
    assert (found["amount_last_day"] >= found["amount_last_hour"] * (1 - 1e-12)).all()
    assert (found["amount_last_week"] >= found["amount_last_day"] * (1 - 1e-12)).all()
    assert (found["transactions_last_week"] <= found["number_of_transactions"]).all()


def test_no_rows_have_no_facts() -> None:
    found = facts.compute([], [], [], {})
    assert {name: len(column) for name, column in found.items()} == dict.fromkeys(FACTS, 0)


def test_what_was_passed_stays_as_it_was() -> None:
    opened: dict[str, float] = {}
    facts.compute(["a"], [1.0], [1.0], opened)
    assert opened == {}
