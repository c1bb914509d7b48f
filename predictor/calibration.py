"""From raw scores to probabilities."""

from dataclasses import dataclass

import numpy as np

from predictor.features import Column, Mask


@dataclass(frozen=True)
class Calibration:
    """A line in log-odds: probability = 1 / (1 + exp(-(slope * raw + intercept))).

    Platt scaling (Platt 1999). With slope above 0 the probability never falls as
    the raw score rises, so the order of the scores is kept. Isotonic regression
    (Zadrozny & Elkan 2002) was measured beside it: see the tests of calibration.
    """

    slope: float
    intercept: float

    def probabilities(self, raw: Column) -> Column:
        """Return probabilities, 0 to 1, of raw scores (log-odds), row by row."""
        odds: Column = np.exp(np.minimum(-self.slope * raw - self.intercept, 700.0))
        return 1.0 / (1.0 + odds)


def fit(raw: Column, labels: Mask) -> Calibration:
    """Return the line that best fits held-out labels (maximum likelihood, Newton's method).

    Targets are smoothed as Platt proposed, so that a perfect split has a finite
    answer. `labels` must hold both classes.
    """
    frauds = int(labels.sum())
    high, low = (frauds + 1) / (frauds + 2), 1 / (len(labels) - frauds + 2)
    targets = np.where(labels, high, low)
    # Centred and scaled, so that the first step does not depend on the size of the scores.
    centre, scale = float(raw.mean()), float(raw.std()) or 1.0
    scaled = (raw - centre) / scale
    slope, intercept = 0.0, float(np.log(frauds / (len(labels) - frauds)))
    for _ in range(100):
        across, up = _newton_step(scaled, targets, slope, intercept)
        slope, intercept = slope + across, intercept + up
        if max(abs(across), abs(up)) < 1e-10:
            break
    return Calibration(slope=slope / scale, intercept=intercept - slope / scale * centre)


def _newton_step(
    scores: Column, targets: Column, slope: float, intercept: float
) -> tuple[float, float]:
    """Return the next step of slope and intercept, halved until it does not raise the loss.

    Written out for two unknowns: a sum has the same bits on any number of threads,
    which a matrix product has not.
    """
    current = Calibration(slope, intercept).probabilities(scores)
    missing, weights = targets - current, current * (1.0 - current)
    gradient = float(np.sum(missing * scores)), float(np.sum(missing))
    a = float(np.sum(weights * scores * scores)) + 1e-12
    b = float(np.sum(weights * scores))
    c = float(np.sum(weights)) + 1e-12
    across = (c * gradient[0] - b * gradient[1]) / (a * c - b * b)
    up = (a * gradient[1] - b * gradient[0]) / (a * c - b * b)
    loss = _loss(scores, targets, slope, intercept)
    for share in 0.5 ** np.arange(40):
        step = across * float(share), up * float(share)
        if _loss(scores, targets, slope + step[0], intercept + step[1]) <= loss:
            return step
    return 0.0, 0.0


def _loss(scores: Column, targets: Column, slope: float, intercept: float) -> float:
    logits = slope * scores + intercept
    return float(np.sum(np.logaddexp(0.0, logits) - targets * logits))
