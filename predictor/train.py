"""Training: labelled transactions in, a model directory out. The same input, the same bytes."""

import datetime as dt
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import lightgbm as lgb
import numpy as np

from predictor import calibration, card, dataset, features, golden, manifest, metrics
from predictor.dataset import Dataset
from predictor.errors import DataError, ModelError
from predictor.manifest import Manifest, Training
from predictor.model import ACTIVE, Model

TREES = 60
TRAIN_SHARE, CALIBRATE_SHARE = 0.55, 0.15
"""Of the rows in order of time; the rest, the latest, is for the test."""


def run(
    *,
    data: Path,
    accounts: Path | None,
    out: str,
    name: str,
    seed: int,
    activate: bool,
    trained_at: str | None = None,
) -> Path:
    """Train a model and write its directory, which is returned.

    `{version}` in `out` stands for the version: `name` and a fingerprint of what
    decides scores. `trained_at` (RFC 3339) is by default the time of the last row of
    the data, so that the same data gives the same bytes. Raises DataError and ModelError.
    """
    if not manifest.NAME.fullmatch(f"{name}-00000000"):
        raise ModelError(f"name must be of {manifest.NAME.pattern}, not {name!r}")
    _say(f"reading {data.name}")
    files = build(dataset.read(data, accounts), name=name, seed=seed, trained_at=trained_at)
    version = files.pop("version")
    target = Path(out.replace("{version}", version))
    if activate and not manifest.NAME.fullmatch(target.name):
        raise ModelError(f"{target}: to be active its name must be of {manifest.NAME.pattern}")
    write(target, files)
    if activate:
        _replace(target.parent / ACTIVE, f"{target.name}\n")
    _say(f"{version} in {target}" + (", now active" if activate else ""))
    return target


def build(data: Dataset, *, name: str, seed: int, trained_at: str | None = None) -> dict[str, str]:
    """Return the files of the model directory by name, and the version under `version`."""
    train, calibrate, test = split(data)
    _say(f"training on {len(train)} rows, {int(train.labels.sum())} of them frauds")
    booster = _boost(train, seed)
    text = booster.model_to_string()
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    line, threshold = _calibrate(booster, calibrate)
    version = f"{name}-{manifest.fingerprint(sha256, features.FEATURE_NAMES, line, threshold)}"
    scores = line.probabilities(_raw(booster, test))
    about = Manifest(
        version=version,
        sha256=sha256,
        facts=features.FACTS,
        features=features.FEATURE_NAMES,
        calibration=line,
        threshold=threshold,
        metrics=metrics.summarize(test.labels, scores, threshold),
        training=_training(data, train, calibrate, test, seed),
        trained_at=trained_at or _moment(data),
    )
    rows = golden.choose(test.facts, scores)
    expected = Model(about, lgb.Booster(model_str=text)).predict(rows).probabilities
    return {
        "version": version,
        "model.txt": text,
        "manifest.json": manifest.dump(about),
        "golden.csv": golden.dump(rows, expected),
        "card.md": card.text(about),
    }


def split(data: Dataset) -> tuple[Dataset, Dataset, Dataset]:
    """Return the rows to train, to calibrate and to test on: earliest, later, latest.

    No moment lies in two parts, so that nothing is learnt from the time it is tested
    on. Each part must hold both classes; raises DataError.
    """
    times = data.facts["time"]
    ordered = np.sort(times, kind="stable")
    first = ordered[int(len(data) * TRAIN_SHARE)]
    second = ordered[int(len(data) * (TRAIN_SHARE + CALIBRATE_SHARE))]
    parts = {
        "train": data.where(times < first),
        "calibrate": data.where((times >= first) & (times < second)),
        "test": data.where(times >= second),
    }
    for name, part in parts.items():
        if not len(part):
            raise DataError(f"the {name} part has no rows: too few moments to split by time")
        if part.labels.all() or not part.labels.any():
            kind = "frauds" if part.labels.all() else "legitimate rows"
            raise DataError(f"the {name} part has only {kind}: both classes are needed")
    return parts["train"], parts["calibrate"], parts["test"]


def _boost(train: Dataset, seed: int) -> lgb.Booster:
    """Grow the trees: shallow ones with well-filled leaves, because frauds are few."""
    params = {
        "objective": "binary",
        "num_leaves": 15,
        "learning_rate": 0.1,
        "min_data_in_leaf": max(20, min(200, len(train) // 500)),
        "min_sum_hessian_in_leaf": 5.0,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    table = features.matrix(train.facts)
    labels, names = train.labels.astype(np.float64), list(features.FEATURE_NAMES)
    return lgb.train(params, lgb.Dataset(table, labels, feature_name=names), TREES)


def _raw(booster: lgb.Booster, data: Dataset) -> features.Column:
    table = features.matrix(data.facts)
    return np.asarray(booster.predict(table, raw_score=True, num_threads=1))


def _calibrate(booster: lgb.Booster, data: Dataset) -> tuple[calibration.Calibration, float]:
    """Return the calibration and the threshold of greatest F1, both from the calibrate part."""
    raw = _raw(booster, data)
    line = calibration.fit(raw, data.labels)
    if not line.slope > 0:
        raise DataError("the calibrate part contradicts the train part: scores rise, frauds fall")
    return line, metrics.best_f1_threshold(data.labels, line.probabilities(raw))


def _training(
    data: Dataset, train: Dataset, calibrate: Dataset, test: Dataset, seed: int
) -> Training:
    return Training(
        rows=len(train),
        seed=seed,
        from_time=float(train.facts["time"].min()),
        to_time=float(train.facts["time"].max()),
        calibrate_from=float(calibrate.facts["time"].min()),
        test_from=float(test.facts["time"].min()),
        data_rows=len(data),
        data_sha256=data.sha256,
        accounts_sha256=data.accounts_sha256,
    )


def _moment(data: Dataset) -> str:
    return dt.datetime.fromtimestamp(int(data.facts["time"].max()), dt.UTC).isoformat()


def write(target: Path, files: dict[str, str]) -> None:
    """Write a model directory: all of it or nothing.

    One that is there already must have the same content; another is left alone and
    ModelError raised.
    """
    if target.exists():
        for name, text in files.items():
            file = target / name
            if not file.is_file() or file.read_bytes() != text.encode():
                raise ModelError(f"{file}: is there already and differs; choose another --out")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=target.parent))
    try:
        for name, text in files.items():
            (building / name).write_bytes(text.encode())
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


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
