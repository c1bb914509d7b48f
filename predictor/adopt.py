"""Adopting a model that was trained elsewhere: calibrated, measured and packed like our own."""

from pathlib import Path

import numpy as np

from predictor import dataset, engine, golden, package
from predictor.calibration import Calibration
from predictor.engine import Engine
from predictor.errors import ModelError
from predictor.features import Extractor
from predictor.log import say
from predictor.package import Candidate, Rule
from predictor.split import by_time

_KINDS = {".txt": "lightgbm", ".onnx": "onnx"}
_EXPECTED = "fraud_probability"
_FLOAT32 = 1e-5
"""How far an ONNX model's float32 arithmetic may take a probability from the original's."""


def run(
    *,
    model: Path,
    names: tuple[str, ...],
    data: Path,
    accounts: Path | None,
    out: str,
    expected: Path | None = None,
    name: str = "own",
    rule: Rule | None = None,
    activate: bool = False,
    trained_at: str | None = None,
) -> Path:
    """Write the directory of a LightGBM text model (.txt) or an ONNX classifier (.onnx).

    `names` are its features in their order, of features.KNOWN_FEATURES. `data` is
    split by time as in training: its calibrate part fits the calibration and sets the
    threshold, its test part gives the figures; the model must have been trained on
    rows before both, which nobody can check but its maker. `expected` is a CSV of the
    facts it needs and the fraud_probability that the original model answers to them:
    the model is refused unless it answers the same. Raises DataError and ModelError.
    """
    package.check_name(name)
    try:
        candidate = Candidate(_KINDS[model.suffix], model.read_bytes(), names)
    except KeyError as err:
        raise ModelError(f"{model}: must end in {' or '.join(_KINDS)}") from err
    except OSError as err:
        raise ModelError(f"{model}: {err.strerror}") from err
    extractor = Extractor(names)
    scorer = engine.load(candidate.kind, model, candidate.content, names)
    if expected is not None:
        _compare(expected, model, scorer, extractor)
    say(f"reading {data.name}")
    rows = dataset.read(data, accounts)
    if missing := [fact for fact in extractor.facts if fact not in rows.facts]:
        raise ModelError(f"{data}: has not the fact {missing[0]}, which the model needs")
    parts = by_time(rows)
    for part in parts[1:]:
        if not np.isfinite(package.raw_scores(scorer, extractor, part)).all():
            raise ModelError(f"{model}: answers what is no probability to a row of {data}")
    line, scored = package.calibrate(scorer, extractor, parts.calibrate)
    chosen = rule or Rule()
    threshold = chosen.threshold(scored), chosen.text()
    version, files = package.build(
        candidate,
        line,
        threshold,
        parts,
        trained_rows=0,
        name=name,
        seed=1,
        trained_at=trained_at,
    )
    target = package.save(out, version, files, activate=activate)
    say(f"{version} in {target}" + (", now active" if activate else ""))
    return target


def _compare(path: Path, model: Path, scorer: Engine, extractor: Extractor) -> None:
    """Raise ModelError unless the model answers what the original does."""
    try:
        content = path.read_bytes()
    except OSError as err:
        raise ModelError(f"{path}: {err.strerror}") from err
    facts, probabilities = dataset.read_facts(path, content, extractor.facts, _EXPECTED)
    if not len(probabilities):
        raise ModelError(f"{path}: has no rows")
    golden.require_sound(path, extractor, facts)
    found = Calibration(1.0, 0.0).probabilities(scorer.raw_scores(extractor.matrix(facts)))
    far = np.flatnonzero(~(np.abs(found - probabilities) <= _FLOAT32))
    if len(far):
        row = int(far[0])
        raise ModelError(
            f"{path}: row {row + 1}: the original answers {float(probabilities[row])!r},"
            f" and {model} answers {float(found[row])!r}"
        )
    say(f"answers as the original does in {len(found)} rows of {path.name}")
