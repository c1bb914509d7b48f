import itertools

import numpy as np
import numpy.typing as npt
import pytest

from predictor import metrics
from predictor.features import Column, Mask
from predictor.metrics import Scored


def labels(text: str) -> Mask:
    return np.array([mark == "1" for mark in text], dtype=np.bool_)


def scores(*values: float) -> Column:
    return np.array(values, dtype=np.float64)


def some(seed: int, rows: int = 300, digits: int = 2) -> tuple[Mask, Column]:
    """Return labels and scores that know a little of them; few digits make many ties."""
    rng = np.random.default_rng(seed)
    truth = rng.random(rows) < 0.2
    truth[:2] = True, False
    values = np.clip(rng.normal(np.where(truth, 0.6, 0.35), 0.2), 0.0, 1.0)
    return truth, np.round(values, digits)


def figure(name: str, truth: Mask, values: Column, threshold: float = 0.5) -> float:
    return Scored(truth, values).figures(threshold)[name]


@pytest.mark.parametrize(
    ("truth", "values", "auc", "precision"),
    [
        ("0011", (0.1, 0.2, 0.8, 0.9), 1.0, 1.0),
        ("1100", (0.1, 0.2, 0.8, 0.9), 0.0, (1 / 3 + 2 / 4) / 2),
        ("0101", (0.5, 0.5, 0.5, 0.5), 0.5, 0.5),
        ("0011", (0.1, 0.4, 0.35, 0.8), 0.75, (1 + 2 / 3) / 2),
        ("101", (0.9, 0.9, 0.1), 0.25, (1 / 2 + 2 / 3) / 2),
    ],
)
def test_ranking_figures_match_hand_counts(
    truth: str, values: tuple[float, ...], auc: float, precision: float
) -> None:
    assert figure("roc_auc", labels(truth), scores(*values)) == pytest.approx(auc)
    assert metrics.roc_auc(labels(truth), scores(*values)) == pytest.approx(auc)
    assert figure("average_precision", labels(truth), scores(*values)) == pytest.approx(precision)


def test_every_figure_of_a_small_case_is_as_counted_by_hand() -> None:
    found = Scored(labels("0001"), scores(0.0, 0.0, 1.0, 1.0)).figures(0.5)
    assert found == pytest.approx(
        {
            "rows": 4,
            "fraud_rate": 0.25,
            "roc_auc": 5 / 6,
            "average_precision": 0.5,
            "recall_at_0.1_percent_false_positives": 0.0,
            "recall_at_1_percent_false_positives": 0.0,
            "precision_at_100": 0.25,
            "brier": 0.25,
            "brier_of_constant_rate": 0.1875,
            "expected_calibration_error": 0.25,
            "precision_at_threshold": 0.5,
            "recall_at_threshold": 1.0,
            "flagged_rate": 0.5,
        }
    )


def naive(truth: Mask, values: Column, threshold: float) -> dict[str, float]:
    """Every figure by its definition: one look at all rows for each distinct score."""
    count, frauds = len(truth), int(truth.sum())
    pairs = values[truth][:, None] - values[~truth][None, :]
    area, before, recalls = 0.0, 0, {0.001: 0.0, 0.01: 0.0}
    for score in sorted(set(values.tolist()), reverse=True):
        above = values >= score
        hits = int((above & truth).sum())
        area += (hits - before) / frauds * hits / int(above.sum())
        before = hits
        for rate in recalls:
            if (above & ~truth).sum() <= rate * (count - frauds):
                recalls[rate] = hits / frauds
    flagged = values >= threshold
    gap = 0.0
    for number in range(10):
        inside = (values >= number / 10) & ((values < (number + 1) / 10) | (number == 9))
        if inside.any():
            gap += float(inside.sum() * abs(values[inside].mean() - truth[inside].mean()))
    return {
        "rows": count,
        "fraud_rate": frauds / count,
        "roc_auc": float(((pairs > 0) + 0.5 * (pairs == 0)).mean()),
        "average_precision": area,
        "recall_at_0.1_percent_false_positives": recalls[0.001],
        "recall_at_1_percent_false_positives": recalls[0.01],
        "precision_at_100": best(truth, values, 100),
        "brier": float(((values - truth) ** 2).mean()),
        "brier_of_constant_rate": float(((frauds / count - truth) ** 2).mean()),
        "expected_calibration_error": gap / count,
        "precision_at_threshold": float(truth[flagged].mean()) if flagged.any() else 0.0,
        "recall_at_threshold": float(flagged[truth].mean()),
        "flagged_rate": float(flagged.mean()),
    }


def best(truth: Mask, values: Column, count: int) -> float:
    """The share of frauds in the first rows; of rows that tie, each is as likely to be there."""
    left, hits = float(min(count, len(truth))), 0.0
    for score in sorted(set(values.tolist()), reverse=True):
        tie = values == score
        taken = min(left, float(tie.sum()))
        hits += taken * float(truth[tie].mean())
        left -= taken
    return hits / min(count, len(truth))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("digits", [1, 2, 9])
@pytest.mark.parametrize("rows", [40, 700])
def test_every_figure_agrees_with_its_definition(seed: int, digits: int, rows: int) -> None:
    truth, values = some(seed, rows, digits)
    for threshold in (0.0, 0.3, float(values[0]), 0.999, 1.0):
        found = Scored(truth, values).figures(threshold)
        assert found == pytest.approx(naive(truth, values, threshold), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_weighing_a_row_is_repeating_it(seed: int) -> None:
    truth, values = some(seed)
    weights = np.random.default_rng(seed).integers(0, 4, len(truth))
    weights[:2] = 1
    scored = Scored(truth, values)
    repeated = Scored(np.repeat(truth, weights), np.repeat(values, weights))
    for threshold in (0.2, float(values[0]), 0.8):
        found = scored.figures(threshold, weights.astype(np.float64))
        assert found == pytest.approx(repeated.figures(threshold), abs=1e-12)
    mine, others = scored.bins(weights.astype(np.float64)), repeated.bins()
    for one, other in zip(metrics.table(mine), metrics.table(others), strict=True):
        assert one == pytest.approx(other, abs=1e-12)


def test_the_order_of_rows_changes_nothing() -> None:
    truth, values = some(1)
    order = np.random.default_rng(1).permutation(len(truth))
    found = Scored(truth[order], values[order]).figures(0.4)
    assert found == pytest.approx(Scored(truth, values).figures(0.4), abs=1e-12)


def test_recall_counts_what_is_caught_within_the_allowance() -> None:
    truth = labels("1" * 4 + "0" * 1000)
    values = np.concatenate([[0.9, 0.8, 0.5, 0.1], [0.85, 0.6], np.full(998, 0.05)])
    found = Scored(truth, values).figures(0.5)
    assert found["recall_at_0.1_percent_false_positives"] == 0.5
    assert found["recall_at_1_percent_false_positives"] == 1.0


def test_of_rows_that_tie_at_the_hundredth_each_counts_in_part() -> None:
    truth = labels("1" * 25 + "0" * 25 + "1" * 10 + "0" * 90)
    values = np.repeat([0.9, 0.5], [50, 100])
    assert figure("precision_at_100", truth, values) == pytest.approx((25 + 10 / 2) / 100)


def test_nothing_flagged_is_a_precision_of_zero() -> None:
    found = Scored(labels("01"), scores(0.1, 0.2)).figures(0.9)
    assert (found["precision_at_threshold"], found["recall_at_threshold"]) == (0.0, 0.0)
    assert found["flagged_rate"] == 0.0


def test_a_row_at_the_threshold_is_flagged() -> None:
    truth, values = labels("0101"), scores(0.1, 0.3, 0.3, 0.7)
    assert figure("flagged_rate", truth, values, 0.3) == 0.75
    assert figure("flagged_rate", truth, values, float(np.nextafter(0.3, 1))) == 0.25


def test_a_bin_begins_at_its_edge_and_the_last_holds_one() -> None:
    edges = [number / 10 for number in range(11)]
    below = [float(np.nextafter(edge, 0)) for edge in edges[1:]]
    found = Scored(labels("01" * 10 + "0"), np.array(edges + below)).bins()
    assert [(b.start, b.end) for b in found] == list(itertools.pairwise(edges))
    assert [b.rows for b in found] == [2] * 9 + [3]
    for b, low, high in zip(found[:9], edges, below, strict=False):
        assert b.promised == pytest.approx((low + high) / 2)


def test_bins_hold_promise_and_truth() -> None:
    found = Scored(labels("0010111"), scores(0.02, 0.04, 0.06, 0.55, 0.57, 1.0, 0.98)).bins()
    rows, promised, seen = zip(*[(b.rows, b.promised, b.seen) for b in found], strict=True)
    assert rows == (3, 0, 0, 0, 0, 2, 0, 0, 0, 2)
    assert promised == pytest.approx((0.04, 0, 0, 0, 0, 0.56, 0, 0, 0, 0.99))
    assert seen == pytest.approx((1 / 3, 0, 0, 0, 0, 0.5, 0, 0, 0, 1.0))
    assert metrics.table(found)[0] == pytest.approx(
        {"start": 0.0, "end": 0.1, "rows": 3.0, "promised": 0.04, "seen": 1 / 3}
    )


def test_calibration_error_is_the_gap_between_promise_and_outcome() -> None:
    values = np.repeat([0.05, 0.95], 100)
    truth = np.concatenate([np.arange(100) < 5, np.arange(100) < 75])
    assert metrics.calibration_error(Scored(truth, values).bins()) == pytest.approx(0.1)
    sure = Scored(labels("01"), scores(0.0, 1.0))
    assert metrics.calibration_error(sure.bins()) == 0.0


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("digits", [1, 2, 9])
@pytest.mark.parametrize("rate", [0.0009, 0.013, 0.05, 0.26, 0.77, 0.9999])
def test_the_threshold_keeps_the_rate_of_false_positives_and_flags_all_it_can(
    seed: int, digits: int, rate: float
) -> None:
    truth, values = some(seed, 300, digits)
    values = 0.01 + 0.98 * values
    threshold = Scored(truth, values).threshold_of_false_positives(rate)
    legitimate = values[~truth]
    assert (legitimate >= threshold).mean() <= rate
    assert 0 < threshold < 1
    assert threshold not in values
    lower = values[values < threshold]
    assert not len(lower) or (legitimate >= lower.max()).mean() > rate


def test_the_threshold_lies_halfway_to_the_next_score() -> None:
    scored = Scored(labels("00011"), scores(0.1, 0.2, 0.3, 0.7, 0.9))
    assert scored.threshold_of_false_positives(0.001) == pytest.approx(0.5)
    assert scored.threshold_of_false_positives(0.34) == pytest.approx(0.25)
    assert scored.threshold_of_false_positives(0.999) == pytest.approx(0.15)
    turned = Scored(labels("10"), scores(0.2, 0.6))
    assert turned.threshold_of_false_positives(0.001) == pytest.approx(0.8)


def test_a_rate_that_can_be_reached_exactly_is() -> None:
    scored = Scored(labels("000101"), scores(0.1, 0.2, 0.3, 0.7, 0.8, 0.9))
    assert scored.threshold_of_false_positives(0.25) == pytest.approx(0.5)
    assert scored.threshold_of_false_positives(0.2499) == pytest.approx(0.85)


def test_between_neighbouring_numbers_the_threshold_is_the_upper() -> None:
    for low in np.linspace(0.1, 0.9, 50):
        high = float(np.nextafter(low, 1))
        scored = Scored(labels("01"), scores(float(low), high))
        assert scored.threshold_of_false_positives(0.001) == high


def test_a_draw_takes_as_many_groups_as_there_are() -> None:
    groups = np.repeat(np.arange(20), 3)
    drawn = metrics.draws(groups, 50, seed=3)
    for weights in drawn:
        assert weights.sum() == 60
        by_group = weights.reshape(20, 3)
        assert (by_group == by_group[:, :1]).all()
        assert (weights == weights.round()).all()
    assert len({weights.tobytes() for weights in drawn}) == 50
    assert np.mean(drawn) == pytest.approx(1.0)
    again = metrics.draws(groups, 50, seed=3)
    assert [w.tobytes() for w in again] == [w.tobytes() for w in drawn]
    assert metrics.draws(groups, 1, seed=4)[0].tobytes() != drawn[0].tobytes()


def spread(groups: npt.NDArray[np.int64], seed: int) -> dict[str, tuple[float, float]]:
    truth, values = some(seed, len(groups))
    scored, drawn = Scored(truth, values), metrics.draws(groups, 200, seed + 100)
    return metrics.intervals([scored.figures(0.5, w) for w in drawn if w @ truth])


@pytest.mark.parametrize("seed", range(4))
def test_an_interval_holds_the_value(seed: int) -> None:
    truth, values = some(seed, 1_000)
    found = spread(np.arange(1_000), seed)
    for name, value in Scored(truth, values).figures(0.5).items():
        low, high = found[name]
        assert low <= value <= high, name
        assert low < high or name == "rows"


def test_fewer_groups_have_wider_intervals() -> None:
    rng = np.random.default_rng(0)
    truth, values = some(0, 2_000)
    order = np.argsort(truth * 10 + values + rng.random(2_000))
    alone, together = np.arange(2_000), np.empty(2_000, dtype=np.int64)
    together[order] = np.arange(2_000) // 100  # Groups of rows that are alike.
    for name in ("average_precision", "brier", "fraud_rate", "flagged_rate"):
        (low, high), (wide_low, wide_high) = (spread(g, 0)[name] for g in (alone, together))
        assert wide_high - wide_low > 2 * (high - low)


def test_an_interval_leaves_two_and_a_half_per_cent_on_either_side() -> None:
    samples = [{"x": float(n), "y": -float(n)} for n in np.random.default_rng(1).permutation(1001)]
    found = metrics.intervals(samples)
    assert found["x"] == pytest.approx((25, 975))
    assert found["y"] == pytest.approx((-975, -25))
