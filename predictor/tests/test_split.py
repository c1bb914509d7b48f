import itertools

import numpy as np
import pytest

from predictor.errors import DataError
from predictor.features import DEFAULT_FEATURES, FACTS, Extractor
from predictor.split import CALIBRATE_SHARE, TRAIN_SHARE, by_time, refuse_leaks, require_both

from .conftest import made

EVERY = Extractor(DEFAULT_FEATURES)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("moments", [12, 300, 10**9])
def test_no_moment_lies_in_two_parts_whatever_the_order_of_arrival(seed: int, moments: int) -> None:
    rng = np.random.default_rng(seed)
    data = made(
        rng.integers(0, moments, 1000).astype(float).tolist(), (rng.random(1000) < 0.5).tolist()
    )
    parts = by_time(data)
    assert sum(map(len, parts)) == 1000
    for earlier, later in itertools.pairwise(parts):
        assert earlier.facts["time"].max() < later.facts["time"].min()


def test_parts_have_their_shares_and_keep_the_order_of_arrival() -> None:
    rng = np.random.default_rng(0)
    times = rng.permutation(1000).astype(float)
    parts = by_time(made(times.tolist(), (times % 3 == 0).tolist()))
    assert [len(part) for part in parts] == [
        round(1000 * TRAIN_SHARE),
        round(1000 * CALIBRATE_SHARE),
        round(1000 * (1 - TRAIN_SHARE - CALIBRATE_SHARE)),
    ]
    assert parts.train.facts["time"].tolist() == [t for t in times.tolist() if t < 550]
    assert parts.test.labels.tolist() == [t % 3 == 0 for t in times.tolist() if t >= 700]


@pytest.mark.parametrize(
    ("times", "labels", "message"),
    [
        ([7.0] * 20, [True, False] * 10, "train part has no rows: too few moments"),
        ([1.0] * 10 + [2.0] * 10, [True, False] * 10, "calibrate part has no rows"),
        (list(range(20)), [False] * 20, "train part has only legitimate rows"),
        (list(range(20)), [True] * 20, "train part has only frauds"),
        (list(range(20)), [True, False] * 6 + [False] * 8, "calibrate part has only legit"),
        (list(range(20)), [True, False] * 7 + [False] * 6, "test part has only legitimate"),
        (list(range(20)), [True, False] * 7 + [True] * 6, "test part has only frauds"),
        ([1.0], [True], "train part has no rows"),
    ],
)
def test_data_that_cannot_be_split_is_refused(
    times: list[float], labels: list[bool], message: str
) -> None:
    with pytest.raises(DataError, match=f"the {message}"):
        by_time(made(times, labels))


def test_one_class_alone_is_refused_by_name() -> None:
    require_both(np.array([True, False]), "x")
    with pytest.raises(DataError, match="x has only frauds: both classes are needed"):
        require_both(np.array([True, True]), "x")
    with pytest.raises(DataError, match="x has only legitimate rows"):
        require_both(np.array([False]), "x")
    with pytest.raises(DataError, match="x has only"):
        require_both(np.empty(0, dtype=np.bool_), "x")


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_fact_made_from_the_label_is_refused_by_name(fact: str, sign: float) -> None:
    rng = np.random.default_rng(1)
    labels = rng.random(400) < 0.3
    data = made(rng.permutation(400).astype(float).tolist(), labels.tolist())
    refuse_leaks(data, EVERY)
    data.facts[fact][:] = 100.0 + sign * labels * 50 + rng.random(400)
    with pytest.raises(DataError, match=f"{fact} alone tells the label"):
        refuse_leaks(data, EVERY)
    data.facts[fact][:40] = rng.random(40) * 300  # A hint is no leak.
    refuse_leaks(data, EVERY)


def test_a_leak_of_a_fact_that_is_not_needed_or_of_few_rows_is_let_through() -> None:
    labels = [row % 2 == 0 for row in range(99)]
    few = made(list(range(99)), labels)
    few.facts["amount"][:] = 1.0 + few.labels
    refuse_leaks(few, EVERY)
    many = made(list(range(198)), labels * 2)
    many.facts["amount"][:] = 1.0 + many.labels
    refuse_leaks(many, Extractor(["hour"]))
    with pytest.raises(DataError, match="amount alone"):
        refuse_leaks(many, EVERY)
