import numpy as np
import pytest

from predictor import metrics
from predictor.features import Column, Mask


def labels(text: str) -> Mask:
    return np.array([mark == "1" for mark in text], dtype=np.bool_)


def scores(*values: float) -> Column:
    return np.array(values, dtype=np.float64)


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
def test_ranking_metrics_match_hand_counts(
    truth: str, values: tuple[float, ...], auc: float, precision: float
) -> None:
    assert metrics.roc_auc(labels(truth), scores(*values)) == pytest.approx(auc)
    assert metrics.average_precision(labels(truth), scores(*values)) == pytest.approx(precision)


def test_auc_is_the_share_of_pairs_in_order() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(200) < 0.3
    values: Column = np.round(
        rng.random(200) + np.where(truth, 0.3, 0.0), 1
    )  # Rounded, so that many tie.
    pairs = values[truth][:, None] - values[~truth][None, :]
    share = float(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    assert metrics.roc_auc(truth, values) == pytest.approx(share)


def test_recall_counts_what_is_caught_within_the_allowance() -> None:
    truth = labels("1" * 4 + "0" * 100)
    values = np.concatenate([[0.9, 0.8, 0.5, 0.1], [0.85, 0.6], np.full(98, 0.05)])
    assert metrics.recall_at(truth, values, 0.0) == 0.25
    assert metrics.recall_at(truth, values, 0.01) == 0.5
    assert metrics.recall_at(truth, values, 0.02) == 1.0


def test_calibration_error_is_the_gap_between_promise_and_outcome() -> None:
    values = np.repeat([0.05, 0.95], 100)
    truth = np.concatenate([np.arange(100) < 5, np.arange(100) < 75])
    assert metrics.calibration_error(truth, values) == pytest.approx(0.1)
    assert metrics.calibration_error(labels("01"), scores(0.0, 1.0)) == 0.0


def test_the_threshold_has_the_greatest_f1_and_lies_between_scores() -> None:
    truth, values = labels("00011"), scores(0.1, 0.2, 0.3, 0.7, 0.9)
    assert metrics.best_f1_threshold(truth, values) == pytest.approx(0.5)


def test_the_threshold_of_equal_scores_is_that_score() -> None:
    assert metrics.best_f1_threshold(labels("01"), scores(0.4, 0.4)) == 0.4


def test_a_summary_knows_every_figure() -> None:
    found = metrics.summarize(labels("0001"), scores(0.0, 0.0, 1.0, 1.0), 0.5)
    assert found == pytest.approx(
        {
            "rows": 4,
            "fraud_rate": 0.25,
            "roc_auc": 5 / 6,
            "average_precision": 0.5,
            "recall_at_1_percent_false_positives": 0.0,
            "brier": 0.25,
            "brier_of_constant_rate": 0.1875,
            "expected_calibration_error": 0.25,
            "precision_at_threshold": 0.5,
            "recall_at_threshold": 1.0,
            "flagged_rate": 0.5,
        }
    )


def test_nothing_flagged_is_a_precision_of_zero() -> None:
    assert metrics.summarize(labels("01"), scores(0.1, 0.2), 0.9)["precision_at_threshold"] == 0
