import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from predictor import evaluate, features, golden, manifest, model
from predictor.calibration import Calibration
from predictor.dataset import Dataset, read
from predictor.errors import ModelError
from predictor.features import FACTS, Column
from predictor.model import Model

from .conftest import COLUMNS, ROOT, Files


def columns(**changes: list[float]) -> dict[str, Column]:
    return {n: np.array(v, dtype=np.float64) for n, v in {**COLUMNS, **changes}.items()}


@pytest.fixture(scope="session")
def test_part(loaded: Model, simulated: Files) -> Dataset:
    return evaluate.unseen(read(*simulated), loaded.manifest)


def test_golden_rows_score_as_promised(loaded: Model, directory: Path) -> None:
    facts, expected = golden.load(directory / "golden.csv")
    assert len(expected) >= 20
    assert expected.max() - expected.min() > 0.5
    np.testing.assert_allclose(loaded.predict(facts).probabilities, expected, rtol=0, atol=1e-12)


def test_a_row_scores_the_same_alone_and_among_others(loaded: Model, test_part: Dataset) -> None:
    together = loaded.predict(test_part.facts)
    for row in range(0, len(test_part), 211):
        facts = {name: column[row : row + 1] for name, column in test_part.facts.items()}
        alone = loaded.predict(facts)
        assert abs(alone.probabilities[0] - together.probabilities[row]) <= 1e-12
        assert alone.labels[0] == together.labels[row]


def test_probabilities_are_probabilities_and_labels_follow_the_threshold(
    loaded: Model, test_part: Dataset
) -> None:
    found = loaded.predict(test_part.facts)
    assert found.errors == {}
    assert ((found.probabilities > 0) & (found.probabilities < 1)).all()
    np.testing.assert_array_equal(found.labels, found.probabilities >= loaded.manifest.threshold)
    assert 0 < found.labels.sum() < len(found.labels)


def test_contributions_add_up_to_the_raw_score(loaded: Model, test_part: Dataset) -> None:
    part = test_part.where(np.arange(len(test_part)) % 29 == 0)
    found = loaded.explain(part.facts)
    total = found.baseline + sum(c.log_odds for c in found.contributions)
    np.testing.assert_allclose(total, loaded.raw_scores(part.facts), rtol=0, atol=1e-9)


def test_the_reasons_of_a_takeover_are_its_amount_and_its_hour(loaded: Model) -> None:
    found = loaded.explain({name: values[1:2] for name, values in columns().items()})
    log_odds = {c.reason.code: float(c.log_odds[0]) for c in found.contributions}
    assert min(log_odds["AMOUNT"], log_odds["TIME_OF_DAY"]) > 1
    assert {c.reason.code: float(c.values[0]) for c in found.contributions} == pytest.approx(
        {
            "AMOUNT": 2349.99,
            "TIME_OF_DAY": COLUMNS["time"][1] % 86_400 / 3600,
            "AGE_OF_ACCOUNT": COLUMNS["age_of_account"][1] / 86_400,
            "NUMBER_OF_TRANSACTIONS": 90.0,
        }
    )


def test_a_bad_row_has_an_error_and_harms_no_other(loaded: Model) -> None:
    good, bad = columns(), columns(amount=[12.5, float("nan"), 0.8, 60.0])
    prediction, expected = loaded.predict(bad), loaded.predict(good)
    assert prediction.errors == {1: "amount must be finite and above 0"}
    assert (prediction.probabilities[1], prediction.labels[1]) == (0.0, False)
    explanation, explained = loaded.explain(bad), loaded.explain(good)
    assert explanation.errors == prediction.errors
    for row in (0, 2, 3):
        assert prediction.probabilities[row] == expected.probabilities[row]
    for mine, other in zip(explanation.contributions, explained.contributions, strict=True):
        assert (mine.log_odds[1], mine.values[1]) == (0.0, 0.0)
        assert mine.log_odds[[0, 2, 3]].tolist() == other.log_odds[[0, 2, 3]].tolist()
        assert mine.values[[0, 2, 3]].tolist() == other.values[[0, 2, 3]].tolist()


def test_what_is_passed_is_not_written_to(loaded: Model) -> None:
    facts = columns(amount=[12.5, float("nan"), 0.8, 60.0])
    for column in facts.values():
        column.setflags(write=False)
    loaded.predict(facts)
    loaded.explain(facts)


def test_no_rows_are_a_valid_batch(loaded: Model) -> None:
    nothing = {name: np.empty(0) for name in FACTS}
    assert len(loaded.predict(nothing).probabilities) == 0
    explanation = loaded.explain(nothing)
    assert explanation.baseline == loaded.explain(columns()).baseline
    assert all(len(c.log_odds) == len(c.values) == 0 for c in explanation.contributions)


Edit = Callable[[dict[str, Any]], None]


def put(*path: str, value: object) -> Edit:
    def edit(content: dict[str, Any]) -> None:
        for name in path[:-1]:
            content = content[name]
        content[path[-1]] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (put("format", value=2), "format must be 1, not 2"),
        (put("format", value=None), "format must be a whole number"),
        (put("version", value="a b"), "version must be text like"),
        (put("version", value="../up"), "version must be text like"),
        (put("version", value="other-00000000"), "version must end in -"),
        (put("sha256", value="ab"), "sha256 must be text like"),
        (put("facts", value=[*FACTS, "colour"]), "'colour' is not"),
        (put("facts", value="amount"), "facts must be a list of names"),
        (put("facts", value=["amount"]), "facts must be exactly amount, time"),
        (put("facts", value=[["amount"]]), "facts must be names this server knows"),
        (put("features", value=["zodiac"]), "features must be names this server knows"),
        (put("features", value=list(features.FEATURE_NAMES[::-1])), "features must be exactly"),
        (put("calibration", "method", value="isotonic"), "calibration.method must be"),
        (put("calibration", "slope", value=0), "calibration.slope must be finite and above 0"),
        (put("calibration", "intercept", value="1"), "calibration.intercept must be a finite"),
        (put("calibration", value=None), "calibration must be an object"),
        (put("threshold", value=1.5), "threshold must be above 0 and below 1"),
        (put("threshold", value=True), "threshold must be above 0 and below 1"),
        (put("threshold", value=0.123), "version must end in -"),
        (put("metrics", "roc_auc", value="high"), "metrics.roc_auc must be a finite number"),
        (put("training", "rows", value=-1), "training.rows must be a whole number"),
        (put("training", "data_sha256", value=""), "training.data_sha256 must be text like"),
        (put("trained_at", value="yesterday"), "trained_at must be a moment like"),
        (put("trained_at", value="2026-01-01T00:00:00"), "moment with its time zone"),
    ],
)
def test_a_manifest_that_breaks_a_rule_is_refused_by_name(
    broken: Path, edit: Edit, rule: str
) -> None:
    path = broken / "manifest.json"
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
    with pytest.raises(ModelError) as raised:
        model.load(broken)
    assert str(raised.value).startswith(f"{path}: ")
    assert rule in str(raised.value)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "cannot be read as JSON"),
        ("[]", "the content must be an object"),
        ('{"format": 1, "threshold": NaN}', "version must be"),
        ("[" * 100_000, "cannot be read as JSON"),
    ],
)
def test_a_manifest_that_is_none_is_refused(broken: Path, text: str, rule: str) -> None:
    (broken / "manifest.json").write_text(text)
    with pytest.raises(ModelError, match=rule):
        model.load(broken)


@pytest.mark.parametrize("name", ["manifest.json", "model.txt", "golden.csv"])
def test_a_missing_file_is_named(broken: Path, name: str) -> None:
    (broken / name).unlink()
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        model.load(broken)


@pytest.mark.parametrize("name", ["manifest.json", "model.txt", "golden.csv"])
def test_a_file_cut_short_is_named(broken: Path, name: str) -> None:
    path = broken / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        model.load(broken)


@pytest.mark.parametrize("name", ["manifest.json", "model.txt", "golden.csv"])
def test_a_file_of_other_bytes_is_named(broken: Path, name: str) -> None:
    (broken / name).write_bytes(b"\xff\x00" * 50)
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        model.load(broken)


def replace_model(folder: Path, text: bytes) -> None:
    """Exchange model.txt and make the manifest agree with it."""
    (folder / "model.txt").write_bytes(text)
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    before = content["version"].rpartition("-")[0]
    content["sha256"] = hashlib.sha256(text).hexdigest()
    line = Calibration(content["calibration"]["slope"], content["calibration"]["intercept"])
    mark = manifest.fingerprint(content["sha256"], content["features"], line, content["threshold"])
    content["version"] = f"{before}-{mark}"
    path.write_text(json.dumps(content))


def test_a_text_that_is_no_model_is_refused(broken: Path) -> None:
    replace_model(broken, b"hello\n")
    with pytest.raises(ModelError, match=r"model\.txt: is not a LightGBM model"):
        model.load(broken)


def test_a_model_of_other_features_is_refused(broken: Path) -> None:
    text = (broken / "model.txt").read_bytes().replace(b"log_rate", b"log_luck")
    replace_model(broken, text)
    with pytest.raises(ModelError, match=r"model\.txt: its features must be exactly log_amount"):
        model.load(broken)


def test_a_golden_row_that_scores_otherwise_is_named(broken: Path) -> None:
    path = broken / "golden.csv"
    lines = path.read_text().splitlines()
    facts, _, score = lines[3].rpartition(",")
    lines[3] = f"{facts},{float(score) + 2e-9!r}"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(ModelError, match=r"golden\.csv: row 3: fraud_probability must be"):
        model.load(broken)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("-5,0,0,1,0.5", "row 26: amount must be finite and above 0"),
        ("5,0,0,1,much", "fraud_probability must be a finite number"),
        ("5,0,0,1", "4 values, not the header's 5"),
    ],
)
def test_a_golden_row_that_breaks_a_rule_is_named(broken: Path, line: str, rule: str) -> None:
    with (broken / "golden.csv").open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(ModelError, match=rule):
        model.load(broken)


def test_too_few_golden_rows_are_refused(broken: Path) -> None:
    path = broken / "golden.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:20]) + "\n")
    with pytest.raises(ModelError, match="must have at least 20 rows, not 19"):
        model.load(broken)


def test_resolve_takes_a_directory_or_the_active_one_of_a_root(root: Path, directory: Path) -> None:
    assert model.resolve(root) == directory
    assert model.resolve(directory) == directory


@pytest.mark.parametrize("name", ["", "..", ".", "../broken", "/etc", "a/b", "absent", "a\nb"])
def test_an_active_file_that_names_no_directory_beside_it_is_refused(
    tmp_path: Path, broken: Path, name: str
) -> None:
    root = tmp_path / "root"
    shutil.copytree(broken, root / "model")
    (root / "active").write_text(name)
    with pytest.raises(ModelError, match="active"):
        model.resolve(root)


def test_a_directory_with_nothing_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"neither manifest\.json nor a readable active"):
        model.resolve(tmp_path)


def test_a_version_changes_whenever_scores_may() -> None:
    line = Calibration(1.0, 0.0)
    marks = {
        manifest.fingerprint("a", ["x", "y"], line, 0.5),
        manifest.fingerprint("b", ["x", "y"], line, 0.5),
        manifest.fingerprint("a", ["y", "x"], line, 0.5),
        manifest.fingerprint("a", ["x", "y"], Calibration(1.1, 0.0), 0.5),
        manifest.fingerprint("a", ["x", "y"], Calibration(1.0, 0.1), 0.5),
        manifest.fingerprint("a", ["x", "y"], line, 0.6),
    }
    assert len(marks) == 6


def test_what_knows_the_model_knows_no_grpc() -> None:
    """So that a model can be trained and judged without a server, and moved to another."""
    modules = "features, facts, model, train, evaluate, simulate"
    text = f"import sys; from predictor import {modules}; print('grpc' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
