"""A model directory: its files made, written whole or not at all, and named as the active one."""

import datetime as dt
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from predictor import calibration, card, engine, golden, manifest, metrics, plots
from predictor.calibration import Calibration
from predictor.dataset import Dataset
from predictor.engine import Engine
from predictor.errors import DataError, ModelError
from predictor.features import Column, Extractor
from predictor.manifest import ENGINES, Manifest, Training
from predictor.metrics import Scored
from predictor.model import ACTIVE, Model
from predictor.split import Parts

SAMPLES = 200
"""Of the bootstrap that intervals come from."""


@dataclass(frozen=True)
class Rule:
    """How a threshold is chosen: by the costs of mistakes, or by a share of false alarms."""

    miss_cost: float = 0.0  # Of a fraud not flagged; 0: by false_positive_rate.
    alarm_cost: float = 1.0  # Of a legitimate transaction flagged.
    false_positive_rate: float = 0.001

    def text(self) -> str:
        """Return the rule in words."""
        if self.miss_cost:
            costs = f"a miss costs {self.miss_cost:g} and a false alarm {self.alarm_cost:g}"
            return f"least cost, if {costs}"
        return f"at most {self.false_positive_rate:.4%} of legitimate transactions flagged"

    def threshold(self, scored: Scored) -> float:
        """Return the threshold, above 0 and below 1.

        With costs it follows from calibrated probabilities alone (Elkan 2001).
        """
        if self.miss_cost:
            found = self.alarm_cost / (self.miss_cost + self.alarm_cost)
        else:
            found = scored.threshold_of_false_positives(self.false_positive_rate)
        if not 0 < found < 1:
            raise DataError(f"no threshold between 0 and 1 holds to the rule: {self.text()}")
        return found


@dataclass(frozen=True)
class Candidate:
    """A model that has learnt, before it is calibrated."""

    kind: str  # One of manifest.ENGINES.
    content: bytes
    features: tuple[str, ...]

    def load(self) -> Engine:
        """Return what computes its scores. Raises ModelError."""
        return engine.load(self.kind, Path(ENGINES[self.kind]), self.content, self.features)


def raw_scores(scorer: Engine, extractor: Extractor, data: Dataset) -> Column:
    """Return the log-odds of every row before calibration."""
    return scorer.raw_scores(extractor.matrix(data.facts))


def calibrate(scorer: Engine, extractor: Extractor, data: Dataset) -> tuple[Calibration, Scored]:
    """Return the calibration that fits the calibrate part, and that part with its scores."""
    raw = raw_scores(scorer, extractor, data)
    line = calibration.fit(raw, data.labels)
    if not line.slope > 0:
        raise DataError("the calibrate part contradicts the model: scores rise, frauds fall")
    return line, Scored(data.labels, line.probabilities(raw))


def build(
    candidate: Candidate,
    line: Calibration,
    threshold: tuple[float, str],
    parts: Parts,
    *,
    trained_rows: int,
    name: str,
    seed: int,
    trained_at: str | None,
) -> tuple[str, dict[str, bytes]]:
    """Return the version, and the files of the directory by name.

    `threshold` is a probability and the rule it was chosen by; `trained_rows` is 0 if
    it is not known.
    """
    scorer, extractor = candidate.load(), Extractor(candidate.features)
    sha256 = hashlib.sha256(candidate.content).hexdigest()
    test = parts.test
    scores = line.probabilities(raw_scores(scorer, extractor, test))
    scored = Scored(test.labels, scores)
    figures = scored.figures(threshold[0])
    samples = bootstrap(scored, test, threshold[0], seed)
    for figure, (low, high) in metrics.intervals(samples).items():
        if figure != "rows":
            figures[f"{figure}.low"], figures[f"{figure}.high"] = low, high
    mark = manifest.fingerprint(sha256, candidate.features, line, threshold[0])
    about = Manifest(
        version=f"{name}-{mark}",
        engine=candidate.kind,
        sha256=sha256,
        features=candidate.features,
        facts=extractor.facts,
        calibration=line,
        threshold=threshold[0],
        threshold_rule=threshold[1],
        metrics=figures,
        bins=tuple(scored.bins()),
        training=_training(parts, trained_rows, seed),
        trained_at=trained_at or _moment(test),
    )
    rows = golden.choose({name: test.facts[name] for name in extractor.facts}, scores)
    expected = Model(about, scorer).predict(rows).probabilities
    texts = {
        "manifest.json": manifest.dump(about),
        "golden.csv": golden.dump(rows, expected),
        "card.md": card.text(about),
    }
    files = {file: text.encode() for file, text in texts.items()}
    pictures = plots.draw([plots.Curve(about.version, scored, threshold[0])])
    return about.version, {ENGINES[candidate.kind]: candidate.content, **files, **pictures}


def bootstrap(scored: Scored, data: Dataset, threshold: float, seed: int) -> list[dict[str, float]]:
    """Return the figures of SAMPLES bootstrap samples; those without a fraud are left out."""
    weights = metrics.draws(data.accounts, SAMPLES, seed)
    return [scored.figures(threshold, w) for w in weights if 0 < (w * data.labels).sum() < w.sum()]


def _training(parts: Parts, rows: int, seed: int) -> Training:
    train, later, test = parts
    return Training(
        rows=rows,
        seed=seed,
        from_time=float(train.facts["time"].min()),
        to_time=float(later.facts["time"].max()),
        calibrate_from=float(later.facts["time"].min()),
        test_from=float(test.facts["time"].min()),
        data_rows=len(train) + len(later) + len(test),
        data_sha256=train.sha256,
        accounts_sha256=train.accounts_sha256,
    )


def _moment(data: Dataset) -> str:
    return dt.datetime.fromtimestamp(int(np.max(data.facts["time"])), dt.UTC).isoformat()


def check_name(name: str) -> None:
    """Raise ModelError unless `name` can be the first part of a version."""
    if not manifest.NAME.fullmatch(f"{name}-00000000"):
        raise ModelError(f"name must be of {manifest.NAME.pattern}, not {name!r}")


def save(out: str, version: str, files: dict[str, bytes], *, activate: bool) -> Path:
    """Write a model directory and return it; `{version}` in `out` stands for the version.

    With `activate` the file beside it that names the model in use comes to name it.
    """
    target = Path(out.replace("{version}", version))
    if activate and not manifest.NAME.fullmatch(target.name):
        raise ModelError(f"{target}: to be active its name must be of {manifest.NAME.pattern}")
    write(target, files)
    if activate:
        _replace(target.parent / ACTIVE, f"{target.name}\n")
    return target


def write(target: Path, files: dict[str, bytes]) -> None:
    """Write a model directory: all of it or nothing.

    One that is there already must have the same content; another is left alone and
    ModelError raised.
    """
    if target.exists():
        for name, content in files.items():
            file = target / name
            if not file.is_file() or file.read_bytes() != content:
                raise ModelError(f"{file}: is there already and differs; choose another --out")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=target.parent))
    try:
        for name, content in files.items():
            (building / name).write_bytes(content)
        building.chmod(0o755)
        building.rename(target)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _replace(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old text or the new."""
    building = path.with_name(f".{path.name}-{os.getpid()}")
    building.write_text(text, encoding="utf-8")
    building.replace(path)
