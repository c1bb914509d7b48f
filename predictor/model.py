"""A model loaded from its directory: facts in, probabilities or reasons out. Knows no gRPC."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import lightgbm as lgb
import numpy as np

from predictor import features, golden, manifest
from predictor.errors import ModelError
from predictor.features import FEATURE_NAMES, FEATURES, REASONS, Column, Facts, Mask, Reason
from predictor.manifest import Manifest

ACTIVE = "active"
"""A file in the root of the models: the name of the directory in use."""


@dataclass(frozen=True)
class Prediction:
    """Scores of many rows. In a row with an error the others are 0 and mean nothing."""

    probabilities: Column  # 0 to 1.
    labels: Mask
    errors: Mapping[int, str]  # By index of the row.


@dataclass(frozen=True)
class Contribution:
    """What one reason added to the raw score of every row."""

    reason: Reason
    log_odds: Column
    values: Column


@dataclass(frozen=True)
class Explanation:
    """A row's raw score is the baseline plus the sum of its contributions (log-odds)."""

    baseline: float
    contributions: tuple[Contribution, ...]
    errors: Mapping[int, str]


class Model:
    """Scores and explains. Calls do not change it, so threads may share it."""

    def __init__(self, about: Manifest, booster: lgb.Booster) -> None:
        self.manifest = about
        self._booster = booster

    def predict(self, facts: Facts) -> Prediction:
        """Score every row. `facts` has the columns of features.FACTS, equal in length."""
        errors = features.row_errors(facts)
        raw = self.raw_scores(features.sound(facts, errors))
        probabilities = self.manifest.calibration.probabilities(raw)
        labels = probabilities >= self.manifest.threshold
        if errors:
            bad = list(errors)
            probabilities[bad], labels[bad] = 0.0, False
        return Prediction(probabilities, labels, errors)

    def explain(self, facts: Facts) -> Explanation:
        """Split every row's raw score into what each reason added: signed log-odds.

        Exact Shapley values of the trees (TreeSHAP: Lundberg, Erion & Lee 2018); the
        values of features that share a reason are added, which keeps the sum. About
        fifty times slower than `predict`.
        """
        errors = features.row_errors(facts)
        usable = features.sound(facts, errors)
        parts = self._contributions(usable)
        bad = list(errors)
        contributions = []
        for reason in REASONS:
            columns = [i for i, f in enumerate(FEATURES) if f.reason == reason.code]
            log_odds = parts[:, columns].sum(axis=1)
            values = np.array(reason.value(usable))
            log_odds[bad], values[bad] = 0.0, 0.0
            contributions.append(Contribution(reason, log_odds, values))
        return Explanation(self._baseline(), tuple(contributions), errors)

    def raw_scores(self, facts: Facts) -> Column:
        """Return log-odds before calibration. The facts must hold to features.RULES."""
        if not len(facts[features.FACTS[0]]):
            return np.empty(0, dtype=np.float64)
        table = features.matrix(facts)
        return np.asarray(self._booster.predict(table, raw_score=True, num_threads=1))

    def _contributions(self, facts: Facts) -> Column:
        """Return what each feature added, and in the last column the baseline."""
        if not len(facts[features.FACTS[0]]):
            return np.empty((0, len(FEATURES) + 1), dtype=np.float64)
        table = features.matrix(facts)
        return np.asarray(self._booster.predict(table, pred_contrib=True, num_threads=1))

    def _baseline(self) -> float:
        """Return the mean raw score of the trees, the same for every row."""
        zero = {name: np.ones(1, dtype=np.float64) for name in features.FACTS}
        return float(self._contributions(zero)[0, -1])


def resolve(path: Path) -> Path:
    """Return the model directory: `path` itself, or the one that its file `active` names.

    Raises ModelError if it is neither.
    """
    if (path / "manifest.json").exists():
        return path
    active = path / ACTIVE
    try:
        name = active.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as err:
        raise ModelError(f"{path}: holds neither manifest.json nor a readable {ACTIVE}") from err
    if not manifest.NAME.fullmatch(name) or name in (".", ".."):
        raise ModelError(f"{active}: must hold the name of a directory beside it, not {name!r}")
    if not (path / name).is_dir():
        raise ModelError(f"{active}: names {name!r}, and there is no such directory beside it")
    return path / name


def load(path: Path) -> Model:
    """Load the model of a directory and score its golden rows.

    Raises ModelError, naming the file and the rule, for a file that is missing, cut
    short or altered, for a fact or feature that is not known, and for a golden row
    that scores otherwise than expected.
    """
    about = manifest.load(path / "manifest.json")
    loaded = Model(about, _booster(path / "model.txt", about.sha256))
    facts, expected = golden.load(path / "golden.csv")
    golden.check(path / "golden.csv", expected, loaded.predict(facts).probabilities)
    return loaded


def _booster(path: Path, sha256: str) -> lgb.Booster:
    try:
        content = path.read_bytes()
    except OSError as err:
        raise ModelError(f"{path}: {err.strerror}") from err
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{path}: its sha256 must be the manifest's {sha256}")
    try:
        booster = lgb.Booster(model_str=content.decode(), params={"verbosity": -1})
    except (lgb.basic.LightGBMError, UnicodeDecodeError) as err:
        raise ModelError(f"{path}: is not a LightGBM model: {err}") from err
    if tuple(booster.feature_name()) != FEATURE_NAMES:
        raise ModelError(f"{path}: its features must be exactly {', '.join(FEATURE_NAMES)}")
    return booster
