"""How a model does on labelled data."""

import json
from pathlib import Path

from predictor import dataset, metrics, model
from predictor.dataset import Dataset
from predictor.errors import DataError
from predictor.manifest import Manifest


def run(*, path: Path, data: Path, accounts: Path | None, as_json: bool) -> str:
    """Return the metrics of a model on a file, as a table or as JSON.

    Rows that the model was trained on are left out: if the file is the one of its
    training, only the latest part counts. Raises DataError and ModelError.
    """
    loaded = model.load(model.resolve(path))
    rows = unseen(dataset.read(data, accounts), loaded.manifest)
    if rows.labels.all() or not rows.labels.any():
        raise DataError(f"{data}: only one class in the {len(rows)} rows to evaluate")
    scores = loaded.predict(rows.facts).probabilities
    found = metrics.summarize(rows.labels, scores, loaded.manifest.threshold)
    if as_json:
        return json.dumps({"version": loaded.manifest.version, "metrics": found}, indent=2)
    width = max(map(len, found))
    lines = [f"{name:<{width}}  {value:.6g}" for name, value in found.items()]
    return "\n".join([f"{'model':<{width}}  {loaded.manifest.version}", *lines])


def unseen(data: Dataset, about: Manifest) -> Dataset:
    """Return the rows that the model has not been trained or calibrated on."""
    if data.sha256 != about.training.data_sha256:
        return data
    return data.where(data.facts["time"] >= about.training.test_from)
