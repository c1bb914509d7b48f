"""How models do on labelled data: figures with their intervals, side by side."""

import json
from dataclasses import dataclass
from pathlib import Path

from predictor import dataset, metrics, model, package, plots
from predictor.dataset import Dataset
from predictor.errors import DataError
from predictor.features import Column
from predictor.log import say
from predictor.metrics import Scored
from predictor.model import Model
from predictor.split import require_both

_SEED = 1
_NO_INTERVAL = ("rows",)


@dataclass(frozen=True)
class Report:
    """One model's figures on the rows that all of a run were asked about."""

    version: str
    scored: Scored
    threshold: float
    figures: dict[str, float]
    samples: list[dict[str, float]]  # Of the same draws for every model of a run.


def run(
    *,
    paths: list[Path],
    data: Path,
    accounts: Path | None,
    as_json: bool,
    folder: Path | None = None,
    every_row: bool = False,
) -> str:
    """Return the figures of models on a file, as a table or as JSON; plots go into `folder`.

    Rows from before the end of any model's calibration are left out, since it may have
    seen them, unless `every_row` is set. Raises DataError and ModelError.
    """
    models = [model.load(model.resolve(path)) for path in paths]
    rows = dataset.read(data, accounts)
    if not every_row:
        rows = unseen(rows, models)
    require_both(rows.labels, f"{data}: what is left to evaluate, {len(rows)} rows,")
    reports = [_report(data, m, rows) for m in models]
    if folder is not None:
        curves = [plots.Curve(r.version, r.scored, r.threshold) for r in reports]
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in plots.draw(curves).items():
            (folder / name).write_bytes(picture)
    return _as_json(reports) if as_json else as_table(reports)


def unseen(data: Dataset, models: list[Model]) -> Dataset:
    """Return the rows from the time that no model was trained or calibrated on."""
    since = max(m.manifest.training.test_from for m in models)
    left = data.where(data.facts["time"] >= since)
    if not len(left):
        raise DataError("no row is later than the training; --every-row takes all there are")
    if len(left) < len(data):
        say(f"{len(data) - len(left):,} rows from the time of training are left out (--every-row)")
    return left


def _report(data: Path, loaded: Model, rows: Dataset) -> Report:
    about = loaded.manifest
    if missing := [fact for fact in loaded.facts if fact not in rows.facts]:
        raise DataError(f"{data}: has not the fact {missing[0]}, which {about.version} needs")
    return report(about.version, rows, loaded.predict(rows.facts).probabilities, about.threshold)


def report(version: str, rows: Dataset, probabilities: Column, threshold: float) -> Report:
    """Return the figures of scores, 0 to 1, and those of bootstrap samples of the rows."""
    scored = Scored(rows.labels, probabilities)
    samples = package.bootstrap(scored, rows, threshold, _SEED)
    return Report(version, scored, threshold, scored.figures(threshold), samples)


def _as_json(reports: list[Report]) -> str:
    content = []
    for r in reports:
        ranges = metrics.intervals(r.samples)
        figures = {
            name: {"value": value, "low": ranges[name][0], "high": ranges[name][1]}
            for name, value in r.figures.items()
        }
        bins = metrics.table(r.scored.bins())
        content.append({"version": r.version, "metrics": figures, "calibration": bins})
    differences = [
        {"of": r.version, "to": reports[0].version, "metrics": _difference(reports[0], r)}
        for r in reports[1:]
    ]
    return json.dumps({"models": content, "differences": differences}, indent=2)


def _difference(base: Report, other: Report) -> dict[str, dict[str, float]]:
    """Return what `other` has more than `base`: paired, since both saw the same samples."""
    pairs = zip(base.samples, other.samples, strict=True)
    ranges = metrics.intervals([{n: b[n] - a[n] for n in a} for a, b in pairs])
    return {
        name: {
            "value": other.figures[name] - value,
            "low": ranges[name][0],
            "high": ranges[name][1],
        }
        for name, value in base.figures.items()
    }


def as_table(reports: list[Report]) -> str:
    """Return a line for each figure, a column for each model, and how they differ."""
    head = ["figure (95 % interval)"]
    lines: list[list[str]] = [[name] for name in reports[0].figures]
    for r in reports:
        head.append(r.version)
        ranges = metrics.intervals(r.samples)
        for line, (name, value) in zip(lines, r.figures.items(), strict=True):
            line.append(_cell(name, value, *ranges[name]))
    for r in reports[1:]:
        head.append(f"{r.version} minus {reports[0].version}")
        found = _difference(reports[0], r)
        for line, (name, d) in zip(lines, found.items(), strict=True):
            line.append(_cell(name, d["value"], d["low"], d["high"]))
    widths = [max(len(row[i]) for row in [head, *lines]) for i in range(len(head))]
    rows = [head, *lines]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _cell(name: str, value: float, low: float, high: float) -> str:
    if name in _NO_INTERVAL:
        return f"{value:,.0f}"
    return f"{value:.4f} ({low:.4f} to {high:.4f})"
