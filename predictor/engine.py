"""What computes scores from features: LightGBM's own text format, or ONNX as an extra."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from predictor.boosting import lgb
from predictor.errors import ModelError
from predictor.features import Column

if TYPE_CHECKING:
    import onnxruntime as ort

Table = npt.NDArray[np.float64]
"""Features: shape (rows, features), at least one row, all finite."""

ONNX_EXTRA = "pip install -r predictor/requirements-onnx.txt"
_LEAST = 1e-7
"""ONNX models answer float32: their 0 and 1 are taken as this far from it."""
_ROUNDING = 1e-5
"""How far beyond 0 and 1 a float32 sum of many trees may come to lie."""


class Engine(Protocol):
    """A model without its calibration. Calls do not change it, so threads may share it."""

    explains: bool
    tolerance: float  # How far a probability may lie from the expected one: rounding.

    def raw_scores(self, table: Table) -> Column:
        """Return log-odds, row by row."""

    def contributions(self, table: Table) -> Column:
        """Return what each feature added, and in the last column the baseline (log-odds)."""


class Trees:
    """Boosted trees of LightGBM, one output in log-odds."""

    explains, tolerance = True, 1e-9

    def __init__(self, booster: lgb.Booster) -> None:
        self._booster = booster

    def raw_scores(self, table: Table) -> Column:
        """Return log-odds, row by row."""
        return np.asarray(self._booster.predict(table, raw_score=True, num_threads=1))

    def contributions(self, table: Table) -> Column:
        """Return exact Shapley values of the trees (TreeSHAP: Lundberg, Erion & Lee 2018)."""
        return np.asarray(self._booster.predict(table, pred_contrib=True, num_threads=1))


class Onnx:
    """A classifier in ONNX form: its last output is the probability of fraud, or of both classes.

    Without contributions: ONNX has none to offer.
    """

    explains, tolerance = False, 1e-6

    def __init__(self, session: "ort.InferenceSession") -> None:
        self._session = session
        wanted, answer = session.get_inputs()[0], session.get_outputs()[-1]
        if not answer.type.startswith("tensor("):
            raise TypeError(f"its last output must be a tensor (zipmap off), not {answer.type}")
        self._input, self._output = wanted.name, answer.name
        self._type = np.float64 if wanted.type == "tensor(double)" else np.float32

    def raw_scores(self, table: Table) -> Column:
        """Return the log-odds of what the model answers; NaN where that is no probability."""
        (found,) = self._session.run([self._output], {self._input: table.astype(self._type)})
        answers = np.asarray(found, dtype=np.float64).reshape(len(table), -1)
        if answers.shape[1] > 2:
            raise ValueError(f"{answers.shape[1]} answers a row, not one or two")
        inside = np.abs(answers[:, -1] - 0.5) <= 0.5 + _ROUNDING
        probabilities = np.clip(answers[:, -1], _LEAST, 1.0 - _LEAST)
        odds: Column = np.log(probabilities) - np.log1p(-probabilities)
        return np.where(inside, odds, np.nan)

    def contributions(self, table: Table) -> Column:
        """Raise NotImplementedError; see `explains`."""
        raise NotImplementedError


def load(kind: str, path: Path, content: bytes, features: tuple[str, ...]) -> Engine:
    """Return the engine of a file's content. Raises ModelError that names the file and the rule."""
    return _trees(path, content, features) if kind == "lightgbm" else _onnx(path, content, features)


def _trees(path: Path, content: bytes, features: tuple[str, ...]) -> Engine:
    if _cut_short(content):
        raise ModelError(f"{path}: is not a LightGBM model: it is cut short")
    try:
        booster = lgb.Booster(model_str=content.decode(), params={"verbosity": -1})
    except (lgb.basic.LightGBMError, UnicodeDecodeError) as err:
        raise ModelError(f"{path}: is not a LightGBM model: {err}") from err
    if b"\nobjective=binary sigmoid:1\n" not in content:
        raise ModelError(f"{path}: its objective must be binary, with sigmoid 1")
    names = tuple(booster.feature_name())
    unnamed = tuple(f"Column_{i}" for i in range(len(features)))
    if names not in (features, unnamed):
        raise ModelError(f"{path}: its features must be exactly {', '.join(features)}")
    return Trees(booster)


def _cut_short(content: bytes) -> bool:
    """Return whether a tree is not where the header says. LightGBM would crash, not complain."""
    at = content.find(b"\nTree=0\n") + 1
    told = re.search(rb"\ntree_sizes=([0-9 ]*)", content)
    for number, size in enumerate(told[1].split() if told else ()):
        if not content.startswith(b"Tree=%d\n" % number, at) or at + int(size) > len(content):
            return True
        at += int(size)
    return False


def _onnx(path: Path, content: bytes, features: tuple[str, ...]) -> Engine:
    try:
        import onnxruntime as ort
    except ImportError as err:
        raise ModelError(f"{path}: needs the package onnxruntime: {ONNX_EXTRA}") from err
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        found = Onnx(session)
        answers = found.raw_scores(np.ones((2, len(features))))
    except Exception as err:  # The runtime has its own exceptions, and no common base.
        raise ModelError(f"{path}: is not a usable ONNX model: {err}") from err
    if not np.isfinite(answers).all():
        raise ModelError(f"{path}: answers what is no probability")
    return found
