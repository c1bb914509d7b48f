import numpy as np
import pytest

from predictor import facts


def naive(
    accounts: list[str], times: list[float], opened_at: dict[str, float]
) -> tuple[list[float], list[float]]:
    """The definition, word for word: for each row, look at every row that arrived before."""
    ages, numbers = [], []
    for i, (account, time) in enumerate(zip(accounts, times, strict=True)):
        first = accounts.index(account)
        opened = opened_at.get(account, times[first])
        ages.append(float(min(max(int(time - opened), 0), 2**31 - 1)))
        before = [j for j in range(i) if accounts[j] == account and times[j] <= time]
        numbers.append(float(len(before) + 1))
    return ages, numbers


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("spread", [5, 60, 100_000])
def test_facts_agree_with_their_definition(seed: int, spread: int) -> None:
    rng = np.random.default_rng(seed)
    accounts = [f"a{n}" for n in rng.integers(0, 6, 300)]
    # A narrow spread makes ties; unsorted times make late rows.
    times = rng.integers(0, spread, 300).astype(float).tolist()
    opened = {"a0": -1e6, "a1": spread / 2, "a2": -1e12, "stranger": 0.0}
    found = facts.compute(accounts, [1.0] * 300, times, opened)
    ages, numbers = naive(accounts, times, opened)
    assert found["age_of_account"].tolist() == ages
    assert found["number_of_transactions"].tolist() == numbers


@pytest.mark.parametrize(
    ("times", "numbers"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ([5, 5, 5], [1, 2, 3]),  # Ties count in order of arrival.
        ([3, 1, 2], [1, 1, 2]),  # Late rows count what lies before them.
        ([1, 3, 2, 3], [1, 2, 2, 4]),  # What was frozen stays.
    ],
)
def test_number_counts_what_arrived_and_is_not_later(
    times: list[float], numbers: list[float]
) -> None:
    found = facts.compute(["a"] * len(times), [1.0] * len(times), times, {})
    assert found["number_of_transactions"].tolist() == numbers


def test_a_card_without_a_known_opening_opens_with_its_first_arrival() -> None:
    found = facts.compute(["a", "a", "a"], [1.0] * 3, [100.0, 160.0, 40.0], {})
    assert found["age_of_account"].tolist() == [0, 60, 0]


def test_a_known_opening_wins() -> None:
    found = facts.compute(["a", "a"], [1.0] * 2, [100.0, 160.0], {"a": 30.0})
    assert found["age_of_account"].tolist() == [70, 130]


def test_age_is_whole_at_least_zero_and_capped() -> None:
    found = facts.compute(["a", "b", "c"], [1.0] * 3, [9.9, 5.0, 1e10], {"a": 0, "b": 9, "c": 0})
    assert found["age_of_account"].tolist() == [9, 0, 2**31 - 1]


def test_accounts_do_not_count_each_other() -> None:
    found = facts.compute(["a", "b", "a"], [1.0] * 3, [1.0, 2.0, 3.0], {})
    assert found["number_of_transactions"].tolist() == [1, 1, 2]


def test_what_was_passed_stays_as_it_was() -> None:
    opened: dict[str, float] = {}
    facts.compute(["a"], [1.0], [1.0], opened)
    assert opened == {}
