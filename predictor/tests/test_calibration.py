import numpy as np
import pytest

from predictor import calibration
from predictor.calibration import Calibration


def test_the_line_that_made_the_labels_is_found() -> None:
    rng = np.random.default_rng(1)
    raw = rng.normal(0, 2, 200_000)
    truth = rng.random(200_000) < Calibration(0.7, -1.5).probabilities(raw)
    line = calibration.fit(raw, truth)
    assert (line.slope, line.intercept) == pytest.approx((0.7, -1.5), abs=0.02)


def test_a_perfect_split_has_a_finite_line() -> None:
    raw = np.concatenate([np.full(50, -9.0), np.full(50, 9.0)])
    line = calibration.fit(raw, raw > 0)
    probabilities = line.probabilities(raw)
    assert probabilities.min() == pytest.approx(1 / 52, rel=1e-6)
    assert probabilities.max() == pytest.approx(51 / 52, rel=1e-6)


def test_far_too_certain_scores_are_tamed() -> None:
    rng = np.random.default_rng(2)
    raw = np.where(rng.random(1000) < 0.5, 400.0, -400.0)
    truth = (raw > 0) ^ (rng.random(1000) < 0.1)
    probabilities = calibration.fit(raw, truth).probabilities(raw)
    assert probabilities.max() == pytest.approx(0.9, abs=0.03)


def test_the_order_of_scores_is_kept() -> None:
    raw = np.linspace(-30, 30, 1001)
    assert (np.diff(Calibration(0.4, -2.0).probabilities(raw)) >= 0).all()


def test_no_score_overflows() -> None:
    found = Calibration(3.0, 0.0).probabilities(np.array([-1e300, -1e3, 0.0, 1e3, 1e300]))
    assert found.tolist() == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0])
