"""How good scores are, against what came true. Plain numpy, no look at the model."""

import numpy as np

from predictor.features import Column, Mask


def summarize(labels: Mask, probabilities: Column, threshold: float) -> dict[str, float]:
    """Return every metric by name; `labels` must hold both classes.

    `probabilities` are 0 to 1; at or above `threshold` a row is flagged.
    """
    flagged = probabilities >= threshold
    hits = int((flagged & labels).sum())
    rate = float(labels.mean())
    return {
        "rows": float(len(labels)),
        "fraud_rate": rate,
        "roc_auc": roc_auc(labels, probabilities),
        "average_precision": average_precision(labels, probabilities),
        "recall_at_1_percent_false_positives": recall_at(labels, probabilities, 0.01),
        "brier": float(np.mean((probabilities - labels) ** 2)),
        "brier_of_constant_rate": rate * (1.0 - rate),
        "expected_calibration_error": calibration_error(labels, probabilities),
        "precision_at_threshold": hits / max(1, int(flagged.sum())),
        "recall_at_threshold": hits / int(labels.sum()),
        "flagged_rate": float(flagged.mean()),
    }


def _curve(labels: Mask, scores: Column) -> tuple[Column, Column, Column]:
    """Return true positives, false positives and scores, cumulated from the highest score down.

    One entry for each distinct score, so that rows that tie count together.
    """
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    true = np.cumsum(labels[order], dtype=np.float64)[last]
    return true, last + 1.0 - true, scores[order][last]


def roc_auc(labels: Mask, scores: Column) -> float:
    """Return the chance that a fraud outranks a legitimate row, ties counted half (0 to 1)."""
    true, false, _ = _curve(labels, scores)
    heights = (true + np.append(0.0, true[:-1])) / 2.0
    widths = np.diff(np.append(0.0, false))
    return float(np.sum(heights * widths) / (true[-1] * false[-1]))


def average_precision(labels: Mask, scores: Column) -> float:
    """Return the area under precision against recall, without interpolation (0 to 1).

    As Davis & Goadrich 2006 advise, no straight lines between points.
    """
    true, false, _ = _curve(labels, scores)
    gained = np.diff(np.append(0.0, true)) / true[-1]
    return float(np.sum(gained * true / (true + false)))


def recall_at(labels: Mask, scores: Column, false_positive_rate: float) -> float:
    """Return the share of frauds caught when at most this share of legitimate rows is flagged."""
    true, false, _ = _curve(labels, scores)
    allowed = false <= false_positive_rate * false[-1]
    return float(true[allowed].max(initial=0.0) / true[-1])


def calibration_error(labels: Mask, probabilities: Column, bins: int = 10) -> float:
    """Return the mean gap between promised and seen rate over bins of equal width (0 to 1).

    Weighted by rows (Naeini, Cooper & Hauskrecht 2015).
    """
    index = np.minimum((probabilities * bins).astype(np.intp), bins - 1)
    promised = np.bincount(index, weights=probabilities, minlength=bins)
    seen = np.bincount(index, weights=labels.astype(np.float64), minlength=bins)
    return float(np.abs(promised - seen).sum() / len(labels))


def best_f1_threshold(labels: Mask, scores: Column) -> float:
    """Return the threshold with the greatest F1, the higher one if two tie.

    It lies halfway to the next lower score, so that rounding elsewhere flips no row.
    """
    true, false, distinct = _curve(labels, scores)
    f1 = 2.0 * true / (true + false + true[-1])
    best = int(np.argmax(f1))
    below = distinct[min(best + 1, len(distinct) - 1)]
    return float((distinct[best] + below) / 2.0)
