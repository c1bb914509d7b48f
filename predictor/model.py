"""A model loaded from its directory: facts in, probabilities or reasons out. Knows no gRPC."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from predictor import engine, golden, manifest
from predictor.engine import Engine
from predictor.errors import ModelError, UnsupportedError
from predictor.features import Column, Extractor, Facts, Mask, Reason
from predictor.manifest import ENGINES, Manifest

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
    """Scores and explains. Calls do not change it, so threads may share it.

    Facts are columns of equal length, all those of `facts` among them.
    """

    def __init__(self, about: Manifest, scorer: Engine) -> None:
        self.manifest = about
        self.extractor = Extractor(about.features)
        self.facts = self.extractor.facts
        self.explains = scorer.explains
        self._engine = scorer

    def predict(self, facts: Facts) -> Prediction:
        """Score every row."""
        errors = self.extractor.row_errors(facts)
        raw = self.raw_scores(self.extractor.sound(facts, errors))
        probabilities = self.manifest.calibration.probabilities(raw)
        labels = probabilities >= self.manifest.threshold
        if errors:
            bad = list(errors)
            probabilities[bad], labels[bad] = 0.0, False
        return Prediction(probabilities, labels, errors)

    def explain(self, facts: Facts) -> Explanation:
        """Split every row's raw score into what each reason added: signed log-odds.

        The contributions of features that share a reason are added, which keeps the
        sum. About fifty times slower than `predict`. Raises UnsupportedError if the
        model's engine cannot explain.
        """
        if not self.explains:
            raise UnsupportedError("this model cannot explain its scores")
        errors = self.extractor.row_errors(facts)
        usable = self.extractor.sound(facts, errors)
        rows = len(usable[self.facts[0]])
        # One row more, so that the baseline is known without any.
        one = {name: np.append(usable[name], 1.0) for name in self.facts}
        parts = self._engine.contributions(self.extractor.matrix(one))
        bad = list(errors)
        contributions = []
        for reason, columns in self.extractor.reasons.items():
            log_odds = parts[:rows, columns].sum(axis=1)
            values = np.array(reason.value(usable))
            log_odds[bad], values[bad] = 0.0, 0.0
            contributions.append(Contribution(reason, log_odds, values))
        return Explanation(float(parts[rows, -1]), tuple(contributions), errors)

    def raw_scores(self, facts: Facts) -> Column:
        """Return log-odds before calibration. The facts must hold to their rules."""
        if not len(facts[self.facts[0]]):
            return np.empty(0, dtype=np.float64)
        return self._engine.raw_scores(self.extractor.matrix(facts))


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
    file = path / ENGINES[about.engine]
    try:
        content = file.read_bytes()
    except OSError as err:
        raise ModelError(f"{file}: {err.strerror}") from err
    if hashlib.sha256(content).hexdigest() != about.sha256:
        raise ModelError(f"{file}: its sha256 must be the manifest's {about.sha256}")
    scorer = engine.load(about.engine, file, content, about.features)
    loaded = Model(about, scorer)
    if about.facts != loaded.facts:
        raise ModelError(f"{path / 'manifest.json'}: facts must be {', '.join(loaded.facts)}")
    facts, expected = golden.load(path / "golden.csv", loaded.extractor)
    found = loaded.predict(facts).probabilities
    golden.check(path / "golden.csv", expected, found, scorer.tolerance)
    return loaded
