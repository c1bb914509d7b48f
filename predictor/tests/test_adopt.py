import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast

import lightgbm as lgb
import numpy as np
import pytest
from fraud_detection import fraud_detection_pb2 as pb
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from predictor import adopt, engine, model
from predictor.dataset import Dataset
from predictor.errors import DataError, ModelError, PredictorError, UnsupportedError
from predictor.features import Column, Extractor
from predictor.package import Rule
from predictor.servicer import Servicer
from predictor.split import Parts, by_time

from .conftest import Files, batch, explained, run

NAMES = ("log_amount", "hour_sin", "hour_cos", "young_days", "log_gap")
EXTRACTOR = Extractor(NAMES)


@pytest.fixture(scope="module")
def parts(rows: Dataset) -> Parts:
    return by_time(rows)


Write = Callable[[Path], Path]
"""Writes a model's file into a folder and returns its path."""


class Originals(NamedTuple):
    """Models that know nothing of this project but its features."""

    booster: lgb.Booster
    pipeline: Any  # It comes without types.

    def save(self, kind: str, folder: Path) -> Path:
        path = folder / {"lightgbm": "theirs.txt"}.get(kind, "theirs.onnx")
        if kind == "lightgbm":
            self.booster.save_model(path)
        else:
            tensor = FloatTensorType if kind == "float32" else DoubleTensorType
            path.write_bytes(exported(self.pipeline, tensor))
        return path

    def probabilities(self, kind: str, table: Column) -> Column:
        if kind == "lightgbm":
            return np.asarray(self.booster.predict(table))
        return np.asarray(self.pipeline.predict_proba(table)[:, 1])


def exported(
    fitted: object, tensor: Callable[..., object] = FloatTensorType, *, zipmap: bool = False
) -> bytes:
    inputs = [("features", tensor([None, len(NAMES)]))]
    options = None if isinstance(fitted, LinearRegression) else {"zipmap": zipmap}
    return bytes(to_onnx(fitted, initial_types=inputs, options=options).SerializeToString())


def grown(
    table: Column, labels: Column, names: tuple[str, ...] | None = NAMES, **params: object
) -> lgb.Booster:
    settings = {"objective": "binary", "num_leaves": 7, "verbosity": -1, "num_threads": 1}
    rows = lgb.Dataset(table, labels, feature_name=list(names) if names else "auto")
    return lgb.train(settings | params, rows, 20)


@pytest.fixture(scope="module")
def originals(parts: Parts) -> Originals:
    table, labels = EXTRACTOR.matrix(parts.train.facts), parts.train.labels.astype(float)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    return Originals(grown(table, labels), pipeline.fit(table, labels))


def write_expected(path: Path, rows: Dataset, probabilities: Column) -> Path:
    columns = {name: rows.facts[name] for name in EXTRACTOR.facts}
    columns["fraud_probability"] = probabilities
    table = np.column_stack(list(columns.values()))
    np.savetxt(path, table, "%.17g", ",", header=",".join(columns), comments="")
    return path


class Adopt:
    """The command with what it needs; what a test gives is instead."""

    def __init__(self, simulated: Files, folder: Path) -> None:
        self.files, self.folder = simulated, folder

    def __call__(self, path: Path, **instead: object) -> Path:
        given: dict[str, object] = {
            "names": NAMES,
            "data": self.files.transactions,
            "accounts": self.files.accounts,
            "out": str(self.folder / "models" / "{version}"),
        }
        return adopt.run(model=path, **cast("dict[str, Any]", given | instead))


@pytest.fixture
def adopting(simulated: Files, tmp_path: Path) -> Adopt:
    return Adopt(simulated, tmp_path)


KINDS = {"lightgbm": 1e-12, "float32": 1e-5, "float64": 1e-12}
"""What an original is saved as, and how far its probabilities may come to lie."""


@pytest.mark.parametrize("kind", KINDS)
def test_an_adopted_model_gives_what_the_original_does_calibrated(
    adopting: Adopt, originals: Originals, parts: Parts, tmp_path: Path, kind: str
) -> None:
    probabilities = originals.probabilities(kind, EXTRACTOR.matrix(parts.test.facts))
    expected = write_expected(tmp_path / "expected.csv", parts.test, probabilities)
    path = adopting(originals.save(kind, tmp_path), expected=expected, name="theirs")
    loaded = model.load(path)
    found = loaded.predict(parts.test.facts)
    about = loaded.manifest
    assert (path.name, about.version[:7]) == (about.version, "theirs-")
    calibrated = about.calibration.probabilities(np.log(probabilities / (1 - probabilities)))
    assert np.abs(found.probabilities - calibrated).max() <= KINDS[kind]
    assert about.calibration.slope != 1.0
    assert about.metrics["rows"] == len(parts.test)
    assert about.training.rows == 0  # Nobody here knows.
    # Chosen on the calibrate part.
    legitimate = loaded.predict(parts.calibrate.facts).labels[~parts.calibrate.labels]
    assert 0 < legitimate.mean() <= 0.001


def test_an_adopted_lightgbm_model_explains(
    adopting: Adopt, originals: Originals, parts: Parts, tmp_path: Path
) -> None:
    loaded = model.load(adopting(originals.save("lightgbm", tmp_path)))
    explanation = loaded.explain(parts.test.facts)
    assert [c.reason.code for c in explanation.contributions] == [
        "AMOUNT",
        "TIME_OF_DAY",
        "AGE_OF_ACCOUNT",
        "TIME_SINCE_PREVIOUS",
    ]
    summed = explanation.baseline + sum(c.log_odds for c in explanation.contributions)
    raw = originals.booster.predict(EXTRACTOR.matrix(parts.test.facts), raw_score=True)
    assert np.abs(summed - np.asarray(raw)).max() <= 1e-9


def test_an_onnx_model_cannot_explain_and_says_so(
    adopting: Adopt, originals: Originals, parts: Parts, tmp_path: Path
) -> None:
    loaded = model.load(adopting(originals.save("float32", tmp_path)))
    servicer = Servicer(loaded)
    request = batch({name: parts.test.facts[name][:2].tolist() for name in loaded.facts})
    with pytest.raises(UnsupportedError, match="cannot explain"):
        servicer.explain_batch(explained(request).SerializeToString())
    told = servicer.get_model(pb.GetModelRequest())
    assert list(told.capabilities) == [pb.CAPABILITY_PREDICT_BATCH]
    reply = pb.PredictFraudBatchResponse.FromString(
        servicer.predict_batch(request.SerializeToString())
    )
    assert len(reply.fraud_probabilities) == 2


def test_columns_without_names_are_taken_in_their_order(
    adopting: Adopt, parts: Parts, tmp_path: Path
) -> None:
    table = EXTRACTOR.matrix(parts.train.facts)
    unnamed = grown(table, parts.train.labels.astype(float), names=None)
    unnamed.save_model(tmp_path / "unnamed.txt")
    loaded = model.load(adopting(tmp_path / "unnamed.txt"))
    assert loaded.manifest.features == NAMES


def test_the_command_adopts_and_activates(
    simulated: Files, originals: Originals, tmp_path: Path
) -> None:
    path = originals.save("lightgbm", tmp_path)
    arguments = (
        *("adopt", "--model", path, "--features", ", ".join(NAMES), "--name", "theirs"),
        *("--data", simulated.transactions, "--accounts", simulated.accounts),
        *("--out", tmp_path / "models" / "mine", "--miss-cost", "49", "--activate"),
    )
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    loaded = model.load(model.resolve(tmp_path / "models"))
    assert loaded.manifest.threshold == 1 / 50
    assert (tmp_path / "models" / "active").read_text() == "mine\n"
    before = {file.name: file.read_bytes() for file in (tmp_path / "models" / "mine").iterdir()}
    assert run(*arguments).returncode == 0  # The same again changes nothing.
    assert before == {f.name: f.read_bytes() for f in (tmp_path / "models" / "mine").iterdir()}


def of(content: bytes | str, name: str = "theirs.txt") -> Write:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


class Refused(NamedTuple):
    """What is given instead, and what is said."""

    message: str
    kind: type[PredictorError] = ModelError
    instead: dict[str, Any] = {}  # noqa: RUF012 - Of a tuple, nothing is shared that changes.


FILES = {
    "a file that is none of both": (of("", "theirs.pkl"), r"theirs\.pkl: must end in \.txt or"),
    "a file that is not there": (lambda folder: folder / "no.txt", r"no\.txt: No such file"),
    "an empty text": (of(""), r"theirs\.txt: is not a LightGBM model"),
    "garbage": (of("garbage\n" * 100), r"theirs\.txt: is not a LightGBM model"),
    "no text": (of(b"\xff\xfe\x00"), r"theirs\.txt: is not a LightGBM model"),
    "no ONNX": (of("garbage", "theirs.onnx"), r"theirs\.onnx: is not a usable ONNX model"),
    "an empty ONNX": (of("", "theirs.onnx"), r"theirs\.onnx: is not a usable ONNX model"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_model_is_refused(adopting: Adopt, tmp_path: Path, case: str) -> None:
    write, message = FILES[case]
    with pytest.raises(ModelError, match=message):
        adopting(write(tmp_path))
    assert not (tmp_path / "models").exists()


TREES: dict[str, tuple[dict[str, Any], str]] = {
    "another objective": ({"objective": "regression"}, "its objective must be binary"),
    "another sigmoid": ({"sigmoid": 2.0}, "its objective must be binary, with sigmoid 1"),
    "other features": ({"names": ("a", "b", "c", "d", "e")}, "its features must be exactly log_am"),
    "another order": ({"names": NAMES[::-1]}, "its features must be exactly log_amount, hour_sin"),
}


@pytest.mark.parametrize("case", TREES)
def test_trees_of_another_kind_are_refused(
    adopting: Adopt, parts: Parts, tmp_path: Path, case: str
) -> None:
    params, message = TREES[case]
    table = EXTRACTOR.matrix(parts.train.facts)
    grown(table, parts.train.labels.astype(float), **params).save_model(tmp_path / "theirs.txt")
    with pytest.raises(ModelError, match=message):
        adopting(tmp_path / "theirs.txt")
    assert not (tmp_path / "models").exists()


def three_classes(table: Column, labels: Column) -> bytes:
    labels[::2] = 2
    return exported(LogisticRegression().fit(StandardScaler().fit_transform(table), labels))


NETS: dict[str, tuple[Callable[[Column, Column], bytes], str]] = {
    "zipmap left on": (
        lambda table, labels: exported(LogisticRegression().fit(table, labels), zipmap=True),
        r"theirs\.onnx: is not a usable .*zipmap off",
    ),
    "three classes": (three_classes, "3 answers a row, not one or two"),
    "other features": (
        lambda table, labels: bytes(
            to_onnx(LogisticRegression().fit(table[:, :2], labels), table[:1, :2])
            .SerializeToString()
        ),
        "is not a usable ONNX model",
    ),
    "no probability": (
        lambda table, labels: exported(LinearRegression().fit(table, labels + 7)),
        r"theirs\.onnx: answers what is no probability$",
    ),
    "no probability at times": (
        lambda table, labels: exported(LinearRegression().fit(table, labels + table[:, 0] / 5)),
        r"theirs\.onnx: answers what is no probability to a row of .*transactions\.csv",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NETS)
def test_onnx_models_of_another_kind_are_refused(
    adopting: Adopt, parts: Parts, tmp_path: Path, case: str
) -> None:
    make, message = NETS[case]
    content = make(EXTRACTOR.matrix(parts.train.facts), parts.train.labels.astype(float))
    (tmp_path / "theirs.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=message):
        adopting(tmp_path / "theirs.onnx")
    assert not (tmp_path / "models").exists()


OTHERS = {
    "a feature that is not known": Refused(
        "feature 'colour' is not known", instead={"names": (*NAMES[:4], "colour")}
    ),
    "a feature named twice": Refused("none of them twice", instead={"names": NAMES[:1] * 5}),
    "a feature too few": Refused("its features must be exactly", instead={"names": NAMES[:4]}),
    "a name that cannot be one": Refused("name must be of", instead={"name": "a b"}),
    "data that is not there": Refused("No such file", DataError, {"data": Path("no.csv")}),
    "no expected answers": Refused("No such file", instead={"expected": Path("no.csv")}),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_does_not_fit_is_refused(
    adopting: Adopt, originals: Originals, tmp_path: Path, case: str
) -> None:
    refused = OTHERS[case]
    with pytest.raises(refused.kind, match=refused.message):
        adopting(originals.save("lightgbm", tmp_path), **refused.instead)
    assert not (tmp_path / "models").exists()


EXPECTED: dict[str, tuple[Callable[[str], str], str]] = {
    "another answer": (
        lambda text: re.sub(r"[^,]*\n$", "0.5\n", text),
        r"expected\.csv: row 10: the original answers 0\.5, and .*theirs\.\w+ answers 0\.",
    ),
    "no number": (lambda text: re.sub(r"[^,]*\n$", "nan\n", text), "must be a finite number"),
    "no rows": (lambda text: text.splitlines()[0] + "\n", r"expected\.csv: has no rows"),
    "a fact too few": (lambda text: text.replace("amount,", "price,", 1), "column amount is miss"),
    "no answers": (lambda text: text.replace("fraud_p", "p", 1), "column fraud_probability is mis"),
    "a fact that cannot be": (
        lambda text: re.sub(r"\n[^,]*,", "\n-1,", text, count=1),
        r"expected\.csv: row 1: amount must be finite and above 0",
    ),
}


@pytest.mark.parametrize("kind", ["lightgbm", "float32"])
@pytest.mark.parametrize("case", EXPECTED)
def test_a_model_that_does_not_answer_as_expected_is_refused(
    adopting: Adopt, originals: Originals, parts: Parts, tmp_path: Path, case: str, kind: str
) -> None:
    change, message = EXPECTED[case]
    some = parts.test.where(np.arange(len(parts.test)) < 10)
    right = originals.probabilities(kind, EXTRACTOR.matrix(some.facts))
    expected = write_expected(tmp_path / "expected.csv", some, right)
    expected.write_text(change(expected.read_text()))
    with pytest.raises(PredictorError, match=message):
        adopting(originals.save(kind, tmp_path), expected=expected)
    assert not (tmp_path / "models").exists()


def test_a_model_that_contradicts_the_labels_is_refused(
    adopting: Adopt, parts: Parts, tmp_path: Path
) -> None:
    table = EXTRACTOR.matrix(parts.train.facts)
    grown(table, (~parts.train.labels).astype(float)).save_model(tmp_path / "theirs.txt")
    with pytest.raises(DataError, match="contradicts the model"):
        adopting(tmp_path / "theirs.txt")


def test_data_without_a_fact_that_the_model_needs_is_refused(
    adopting: Adopt, originals: Originals, tmp_path: Path
) -> None:
    lines = [f"{1 + i},{1e6 * i},{1e6 * i},{1 + i % 2},{i % 2}" for i in range(40)]
    head = "amount,time,age_of_account,number_of_transactions,label"
    (tmp_path / "four.csv").write_text("\n".join([head, *lines]))
    with pytest.raises(ModelError, match="has not the fact seconds_since_previous, which the mod"):
        adopting(originals.save("lightgbm", tmp_path), data=tmp_path / "four.csv", accounts=None)


def test_without_onnxruntime_the_line_that_installs_it_is_told(
    adopting: Adopt, originals: Originals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = originals.save("float32", tmp_path)
    adopted = adopting(path)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # As if it were not installed.
    line = f"needs the package onnxruntime: {re.escape(engine.ONNX_EXTRA)}$"
    with pytest.raises(ModelError, match=line):
        adopting(path)
    with pytest.raises(ModelError, match=line):
        model.load(adopted)
    assert (Path(__file__).parents[2] / engine.ONNX_EXTRA.split()[-1]).exists()


@pytest.mark.parametrize("kind", ["lightgbm", "float32"])
def test_golden_rows_that_score_otherwise_keep_a_model_from_loading(
    adopting: Adopt, originals: Originals, tmp_path: Path, kind: str
) -> None:
    adopted = adopting(originals.save(kind, tmp_path))
    golden = adopted / "golden.csv"
    *lines, last = golden.read_text().splitlines()
    facts, _, probability = last.rpartition(",")
    for shift, message in ((1e-4, r"golden\.csv: row 25: fraud_probability must be"), (0.0, "")):
        golden.write_text("\n".join([*lines, f"{facts},{abs(float(probability) - shift)!r}", ""]))
        if message:
            with pytest.raises(ModelError, match=message):
                model.load(adopted)
        else:
            model.load(adopted)


def test_an_engine_exchanged_behind_the_manifest_is_refused(
    adopting: Adopt, originals: Originals, tmp_path: Path
) -> None:
    adopted = adopting(originals.save("float32", tmp_path))
    (adopted / "model.onnx").write_bytes(exported(originals.pipeline, DoubleTensorType))
    with pytest.raises(ModelError, match=r"model\.onnx: its sha256 must be the manifest's"):
        model.load(adopted)
    about = json.loads((adopted / "manifest.json").read_text())
    (adopted / "manifest.json").write_text(json.dumps(about | {"engine": "torch"}))
    with pytest.raises(ModelError, match="engine must be one of lightgbm, onnx"):
        model.load(adopted)


def test_the_rule_of_the_threshold_is_as_in_training(
    adopting: Adopt, originals: Originals, tmp_path: Path
) -> None:
    path = originals.save("lightgbm", tmp_path)
    base = Rule(false_positive_rate=0.05)
    few, many = (
        model.load(adopting(path, rule=rule)).manifest
        for rule in (replace(base, false_positive_rate=0.0005), base)
    )
    assert few.threshold > many.threshold
    assert few.metrics["flagged_rate"] < many.metrics["flagged_rate"]
    assert few.version != many.version
