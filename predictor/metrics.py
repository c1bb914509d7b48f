"""How good scores are, against what came true. Plain numpy, no look at the model.

Every figure takes weights, one for each row: a bootstrap draws rows again by weighing
them, and sorts them only once.
"""

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from predictor.features import Column, Mask

BINS = 10
"""Of equal width, over the probabilities from 0 to 1."""

CONFIDENCE = 0.95
"""Of the intervals that `intervals` returns."""


@dataclass(frozen=True)
class Bin:
    """Promise and truth over the scores of [start, end); the last bin holds 1 too."""

    start: float
    end: float
    rows: float
    promised: float  # Mean score, 0 to 1; 0 without rows.
    seen: float  # Share of frauds, 0 to 1; 0 without rows.


class Scored:
    """Labelled rows in order of their score, the highest first. Both classes must be there."""

    def __init__(self, labels: Mask, probabilities: Column) -> None:
        self.order = np.argsort(-probabilities, kind="stable")
        self.labels = labels[self.order]
        self.scores = probabilities[self.order]
        # Rows that tie count together, at the last of them.
        self.last = np.append(np.flatnonzero(np.diff(self.scores)), len(labels) - 1)
        self.bin = np.searchsorted(np.arange(1, BINS) / BINS, self.scores, side="right")
        self.loss = (self.scores - self.labels) ** 2

    def figures(self, threshold: float, weights: Column | None = None) -> dict[str, float]:
        """Return every figure by name; at or above `threshold` a row is flagged.

        roc_auc: the chance that a fraud outranks a legitimate row, ties counted half.
        average_precision: the area under precision against recall, without straight
        lines between points (Davis & Goadrich 2006). recall_at_…: the share of frauds
        caught when at most this share of the legitimate rows is flagged.
        expected_calibration_error: see `bins`. All are 0 to 1.
        """
        each = np.ones(len(self.labels)) if weights is None else weights[self.order]
        frauds = each * self.labels
        true, rows = np.cumsum(frauds)[self.last], np.cumsum(each)[self.last]
        false, rate = rows - true, true[-1] / rows[-1]
        flagged = np.searchsorted(-self.scores[self.last], -threshold, side="right")
        hits, alarms = (true[flagged - 1], rows[flagged - 1]) if flagged else (0.0, 0.0)
        gained = np.diff(true, prepend=0.0)
        bins = self.bins(weights)
        return {
            "rows": float(rows[-1]),
            "fraud_rate": float(rate),
            "roc_auc": _roc_auc(true, false),
            "average_precision": float(np.sum(gained * _ratio(true, rows)) / true[-1]),
            "recall_at_0.1_percent_false_positives": _recall_at(true, false, 0.001),
            "recall_at_1_percent_false_positives": _recall_at(true, false, 0.01),
            "precision_at_100": _precision_at(true, rows, 100.0),
            "brier": float(np.sum(each * self.loss) / rows[-1]),
            "brier_of_constant_rate": float(rate * (1.0 - rate)),
            "expected_calibration_error": calibration_error(bins),
            "precision_at_threshold": float(hits / max(alarms, 1.0)),
            "recall_at_threshold": float(hits / true[-1]),
            "flagged_rate": float(alarms / rows[-1]),
        }

    def bins(self, weights: Column | None = None) -> list[Bin]:
        """Return BINS bins of equal width: what was promised in each, and what came true."""
        each = np.ones(len(self.labels)) if weights is None else weights[self.order]
        rows, promised, seen = (
            np.bincount(self.bin, each * what, BINS).astype(np.float64)
            for what in (np.ones(len(each)), self.scores, self.labels)
        )
        promised, seen = _ratio(promised, rows), _ratio(seen, rows)
        edges = np.arange(BINS + 1) / BINS
        table = np.column_stack([edges[:-1], edges[1:], rows, promised, seen])
        return [Bin(*row) for row in table.tolist()]

    def threshold_of_false_positives(self, rate: float) -> float:
        """Return the lowest threshold that flags at most this share of the legitimate rows.

        It lies halfway to the next lower score, so that rounding elsewhere flips no row.
        """
        false = np.cumsum(~self.labels)[self.last]
        distinct = np.append(self.scores[self.last], 0.0)
        allowed = int(np.searchsorted(false, rate * false[-1], side="right"))
        above, below = 1.0 if allowed == 0 else distinct[allowed - 1], distinct[allowed]
        middle = (above + below) / 2.0
        return float(middle if middle > below else above)


def _ratio(part: Column, whole: Column) -> Column:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def roc_auc(labels: Mask, values: Column) -> float:
    """Return the chance that a fraud has the greater value, ties counted half (0 to 1)."""
    scored = Scored(labels, values)
    true = np.cumsum(scored.labels, dtype=np.float64)[scored.last]
    return _roc_auc(true, scored.last + 1.0 - true)


def _roc_auc(true: Column, false: Column) -> float:
    gained, widths = np.diff(true, prepend=0.0), np.diff(false, prepend=0.0)
    return float(np.sum((true - gained / 2) * widths) / (true[-1] * false[-1]))


def _recall_at(true: Column, false: Column, rate: float) -> float:
    allowed = false <= rate * false[-1]
    return float(true[allowed].max(initial=0.0) / true[-1])


def _precision_at(true: Column, rows: Column, count: float) -> float:
    """Return the share of frauds among the `count` rows that score highest."""
    count = min(count, float(rows[-1]))
    return float(np.interp(count, np.append(0.0, rows), np.append(0.0, true)) / count)


def calibration_error(bins: list[Bin]) -> float:
    """Return the mean gap between promise and truth, weighted by rows (0 to 1).

    Naeini, Cooper & Hauskrecht 2015.
    """
    rows = sum(b.rows for b in bins)
    return sum(b.rows * abs(b.promised - b.seen) for b in bins) / rows


def draws(groups: npt.NDArray[np.int64], times: int, seed: int) -> list[Column]:
    """Return weights of rows for as many bootstrap samples (Efron 1979).

    Whole groups are drawn, since the rows of one account come and go together: were
    they drawn one by one, intervals would be too narrow.
    """
    rng = np.random.default_rng(seed)
    count = int(groups.max()) + 1
    even = np.full(count, 1.0 / count)
    return [rng.multinomial(count, even).astype(np.float64)[groups] for _ in range(times)]


def intervals(samples: list[dict[str, float]]) -> dict[str, tuple[float, float]]:
    """Return, by name, the percentiles between which CONFIDENCE of the samples lie."""
    tails = [50.0 * (1.0 - CONFIDENCE), 50.0 * (1.0 + CONFIDENCE)]
    found = {}
    for name in samples[0]:
        low, high = np.percentile([sample[name] for sample in samples], tails)
        found[name] = (float(low), float(high))
    return found


def table(bins: list[Bin]) -> list[dict[str, float]]:
    """Return bins as JSON holds them."""
    return [asdict(b) for b in bins]
