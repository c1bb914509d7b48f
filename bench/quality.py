"""How good the default training is, beside two references, on rows that it chose nothing by.

    predictor/.venv/bin/python bench/quality.py ../shared/data/sparkov docs

writes model-quality.md and its pictures. Every line is trained on the first 70 % of the
rows by time and measured on the last 30 %, on the same features unless it says otherwise.
"""

# ruff: noqa: E402 - The package lies beside this folder, and is not installed.

import argparse
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import lightgbm
import numpy as np
import sklearn

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from predictor import dataset, evaluate, features, metrics, package, plots, train
from predictor.dataset import Dataset
from predictor.evaluate import Report
from predictor.features import SEED_FACTS, Column, Extractor
from predictor.split import Parts, by_time

_FIGURES = {
    "average_precision": "average precision",
    "recall_at_1_percent_false_positives": "recall at 1 % FPR",
    "recall_at_0.1_percent_false_positives": "recall at 0.1 % FPR",
    "precision_at_100": "precision at 100",
    "roc_auc": "ROC-AUC",
    "brier": "Brier ÷ constant",
    "expected_calibration_error": "calibration error",
}
_FOLDS = 4

Names = tuple[str, ...]
Fit = Callable[[Parts, Names], Callable[[Dataset], Column]]


def _ours(parts: Parts, names: Names) -> Callable[[Dataset], Column]:
    extractor = Extractor(names)
    early = train.grow([parts.train], names, seed=1)
    line, _ = package.calibrate(early.load(), extractor, parts.calibrate)
    scorer = train.grow([parts.train, parts.calibrate], names, seed=1).load()
    return lambda rows: line.probabilities(package.raw_scores(scorer, extractor, rows))


def _reference(make: Callable[[], object]) -> Fit:
    def fit(parts: Parts, names: Names) -> Callable[[Dataset], Column]:
        extractor = Extractor(names)
        table = np.concatenate([extractor.matrix(part.facts) for part in parts[:2]])
        model = make()
        model.fit(table, np.concatenate([part.labels for part in parts[:2]]))
        return lambda rows: np.asarray(model.predict_proba(extractor.matrix(rows.facts))[:, 1])

    return fit


_FITS: dict[str, tuple[Fit, Names]] = {
    "ours": (_ours, features.DEFAULT_FEATURES),
    "HistGradientBoosting, untuned": (
        _reference(lambda: HistGradientBoostingClassifier(random_state=1)),
        features.DEFAULT_FEATURES,
    ),
    "logistic regression": (
        _reference(lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))),
        features.DEFAULT_FEATURES,
    ),
    "ours, by the seed's four facts alone": (_ours, features.computable(SEED_FACTS)),
}


def _unseen_accounts(data: Dataset, parts: Parts) -> Column:
    """Return scores of the test part, each by a model that never saw the row's account."""
    first, second = (float(part.facts["time"].min()) for part in parts[1:])
    scores = np.empty(len(parts.test))
    late, fold = data.facts["time"] >= second, data.accounts % _FOLDS
    for k in range(_FOLDS):
        kept = data.where(fold != k)
        times = kept.facts["time"]
        middle = (times >= first) & (times < second)
        split = Parts(kept.where(times < first), kept.where(middle), kept.where(times >= second))
        predict = _ours(split, features.DEFAULT_FEATURES)
        scores[fold[late] == k] = predict(data.where(late & (fold == k)))
    return scores


def _line(report: Report) -> str:
    """Return a line of the table: value and 95 % interval of each figure."""
    samples = [_relative(sample) for sample in report.samples]
    value, ranges = _relative(report.figures), metrics.intervals(samples)
    cells = [f"{value[n]:.4g} ({ranges[n][0]:.3g} to {ranges[n][1]:.3g})" for n in _FIGURES]
    return f"| {report.version} | {' | '.join(cells)} |"


def _relative(figures: dict[str, float]) -> dict[str, float]:
    """Return figures with the Brier score as a share of that of the constant rate."""
    return {**figures, "brier": figures["brier"] / figures["brier_of_constant_rate"]}


_PAGE = """# How good the default model is

By `bench/quality.py`, which writes this page, on the data set Sparkov: {rows} card
transactions of {accounts} simulated cards over two years, {frauds} of them frauds. Simulated
data is far easier than life: on real card data expect an average precision several times
lower. What carries over is the comparison.

Each line is trained on the first 70 % of the rows by time ({train}) and measured on the last
30 % ({test}, {caught} frauds), by which nothing was chosen. Intervals, of 95 %, are of a
bootstrap over cards. The references take the same features and their libraries' settings.

| | {head} |
|---|{rule}|
{lines}

"Brier ÷ constant" is the Brier score as a share of what always answering the fraud rate
gives: 1 is worthless, 0 perfect. *Cards never seen*: each row is scored by one of {folds}
models, the one that was trained without the row's card. *The seed's four facts*: amount,
time, age of the account, number of its transactions; what the other facts, of the account's
last hour, day and week, add is the difference to the first line.

![Precision and recall](model-precision_recall.png)
![Reliability](model-reliability.png)

Python {python}, LightGBM {lightgbm}, scikit-learn {sklearn}.
"""


def _page(data: Dataset, parts: Parts, reports: list[Report]) -> str:
    return _PAGE.format(
        rows=f"{len(data):,}",
        accounts=len(set(data.accounts.tolist())),
        frauds=f"{int(data.labels.sum()):,}",
        train=f"{len(parts.train) + len(parts.calibrate):,} rows",
        test=f"{len(parts.test):,} rows",
        caught=f"{int(parts.test.labels.sum()):,}",
        head=" | ".join(_FIGURES.values()),
        rule="---|" * (len(_FIGURES) - 1) + "---",
        lines="\n".join(map(_line, reports)),
        folds=_FOLDS,
        python=platform.python_version(),
        lightgbm=lightgbm.__version__,
        sklearn=sklearn.__version__,
    )


def main() -> None:
    """Train, measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a folder with transactions.csv.gz, accounts.csv")
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    data = dataset.read(args.data / "transactions.csv.gz", args.data / "accounts.csv")
    parts = by_time(data)
    scores = {name: fit(parts, names)(parts.test) for name, (fit, names) in _FITS.items()}
    scores["ours, on cards never seen"] = _unseen_accounts(data, parts)
    reports = [evaluate.report(name, parts.test, found, 0.5) for name, found in scores.items()]
    curves = [plots.Curve(r.version, r.scored, r.threshold) for r in reports]
    for name, picture in plots.draw([curves[i] for i in (0, 1, 2, 4)]).items():
        if name in ("precision_recall.png", "reliability.png"):
            (args.out / f"model-{name}").write_bytes(picture)
    (args.out / "model-quality.md").write_text(_page(data, parts, reports), encoding="utf-8")
    sys.stdout.write(evaluate.as_table(reports[:3]) + "\n")


if __name__ == "__main__":
    main()
