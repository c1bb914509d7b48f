"""Splitting labelled rows by time, and looking for answers that leaked into the questions."""

from typing import NamedTuple

import numpy as np

from predictor.dataset import Dataset
from predictor.errors import DataError
from predictor.features import Extractor, Mask
from predictor.metrics import roc_auc

TRAIN_SHARE, CALIBRATE_SHARE = 0.55, 0.15
"""Of the rows in order of time; the rest, the latest, is for the test."""

_LEAK, _ENOUGH = 0.9999, 100


class Parts(NamedTuple):
    """Rows to train, to calibrate and to test on: the earliest, later ones, the latest."""

    train: Dataset
    calibrate: Dataset
    test: Dataset


def by_time(data: Dataset) -> Parts:
    """Split, never at random: no moment lies in two parts.

    So nothing is learnt from the time it is tested on. Each part must hold both
    classes; raises DataError.
    """
    times = data.facts["time"]
    ordered = np.sort(times, kind="stable")
    first = ordered[int(len(data) * TRAIN_SHARE)]
    second = ordered[int(len(data) * (TRAIN_SHARE + CALIBRATE_SHARE))]
    parts = Parts(
        data.where(times < first),
        data.where((times >= first) & (times < second)),
        data.where(times >= second),
    )
    for name, part in parts._asdict().items():
        if not len(part):
            raise DataError(f"the {name} part has no rows: too few moments to split by time")
        require_both(part.labels, f"the {name} part")
    return parts


def require_both(labels: Mask, what: str) -> None:
    """Raise DataError unless there are frauds and legitimate rows."""
    if labels.all() or not labels.any():
        kind = "frauds" if labels.all() else "legitimate rows"
        raise DataError(f"{what} has only {kind}: both classes are needed")


def refuse_leaks(data: Dataset, extractor: Extractor) -> None:
    """Raise DataError if one fact alone tells the label: then it was made from the label."""
    for name in extractor.facts if len(data) >= _ENOUGH else ():
        area = roc_auc(data.labels, data.facts[name])
        if not 1 - _LEAK <= area <= _LEAK:
            raise DataError(
                f"{name} alone tells the label (ROC-AUC {area:.5f}): it must not be made from it"
            )
