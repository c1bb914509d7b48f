"""Training: labelled transactions in, a model directory out. The same input, the same bytes."""

from pathlib import Path
from typing import Any

import numpy as np

from predictor import dataset, features, package
from predictor.boosting import lgb
from predictor.dataset import Dataset
from predictor.errors import ModelError
from predictor.features import Extractor
from predictor.log import say
from predictor.package import Candidate, Rule
from predictor.split import by_time, refuse_leaks

TREES = 150
_PROGRESS = 50


def run(
    *,
    data: Path,
    accounts: Path | None,
    out: str,
    name: str = "model",
    seed: int = 1,
    facts: tuple[str, ...] | None = None,
    rule: Rule | None = None,
    activate: bool = False,
    trained_at: str | None = None,
) -> Path:
    """Train a model and write its directory, which is returned.

    `{version}` in `out` stands for the version: `name` and a fingerprint of what
    decides scores. `facts` are those that the model may need, by default all
    that the data has. `trained_at` (RFC 3339) is by default the time of the last row of
    the data, so that the same data gives the same bytes. Raises DataError and ModelError.
    """
    package.check_name(name)
    say(f"reading {data.name}")
    rows = dataset.read(data, accounts)
    version, files = build(
        rows, name=name, seed=seed, facts=facts, rule=rule or Rule(), trained_at=trained_at
    )
    target = package.save(out, version, files, activate=activate)
    say(f"{version} in {target}" + (", now active" if activate else ""))
    return target


def build(
    data: Dataset,
    *,
    name: str,
    seed: int,
    facts: tuple[str, ...] | None = None,
    rule: Rule | None = None,
    trained_at: str | None = None,
) -> tuple[str, dict[str, bytes]]:
    """Return the version and the files of the model directory by name.

    Trees grown on the train part are calibrated on the calibrate part, which also sets
    the threshold. The trees that serve are then grown on both: the later the better,
    and the test part, which nothing was chosen by, tells whether the calibration holds.
    """
    wanted = facts or features.FACTS
    if unknown := sorted(set(wanted) - set(features.FACTS)):
        raise ModelError(f"fact {unknown[0]!r} is not known; there are {', '.join(features.FACTS)}")
    names = features.computable([fact for fact in wanted if fact in data.facts])
    parts = by_time(data)
    extractor = Extractor(names)
    refuse_leaks(parts.train, extractor)
    early = grow([parts.train], names, seed)
    line, scored = package.calibrate(early.load(), extractor, parts.calibrate)
    chosen = rule or Rule()
    return package.build(
        grow([parts.train, parts.calibrate], names, seed),
        line,
        (chosen.threshold(scored), chosen.text()),
        parts,
        trained_rows=len(parts.train) + len(parts.calibrate),
        name=name,
        seed=seed,
        trained_at=trained_at,
    )


def grow(parts: list[Dataset], names: tuple[str, ...], seed: int) -> Candidate:
    """Return trees grown on all parts together. Their settings: see docs/model.md."""
    extractor = Extractor(names)
    table = np.concatenate([extractor.matrix(part.facts) for part in parts])
    labels = np.concatenate([part.labels for part in parts]).astype(np.float64)
    say(f"growing {TREES} trees on {len(labels):,} rows, {labels.sum():,.0f} of them frauds")
    params: dict[str, Any] = {
        "objective": "binary",
        "num_leaves": 31,
        "learning_rate": 0.1,
        "min_data_in_leaf": max(20, min(100, len(labels) // 1000)),
        "min_sum_hessian_in_leaf": 3.0,
        "lambda_l2": 5.0,
        "feature_fraction": 0.8,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    grown = lgb.train(
        params,
        lgb.Dataset(table, labels, feature_name=list(names)),
        TREES,
        callbacks=[_progress],
    )
    return Candidate("lightgbm", grown.model_to_string().encode(), names)


def _progress(env: lgb.callback.CallbackEnv) -> None:
    done = env.iteration + 1
    if done % _PROGRESS == 0 and done < TREES:
        say(f"  {done} of {TREES} trees")
