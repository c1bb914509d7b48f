import csv
import itertools
import json
import os
from pathlib import Path

import numpy as np
import pytest

from predictor import dataset, evaluate, features, metrics, model, simulate, train
from predictor.dataset import Dataset
from predictor.errors import DataError, ModelError
from predictor.features import Column, Mask
from predictor.model import Model

from .conftest import ROOT, START, Files, run


def arguments(files: Files, out: Path) -> tuple[str | Path, ...]:
    return (
        *("train", "--data", files.transactions, "--accounts", files.accounts),
        *("--out", f"{out}/{{version}}", "--name", "test", "--activate"),
    )


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_input_makes_the_same_bytes_in_any_process(
    simulated: Files, root: Path, tmp_path: Path
) -> None:
    for number in (1, 2):
        done = run(
            *arguments(simulated, tmp_path / str(number)),
            PYTHONHASHSEED=str(number),
            OMP_NUM_THREADS=str(number),
        )
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    first = content(tmp_path / "1")
    assert sorted(Path(name).name for name in first) == [
        "active",
        "card.md",
        "golden.csv",
        "manifest.json",
        "model.txt",
    ]
    assert first == content(tmp_path / "2")
    assert first == content(root)


def test_the_same_again_is_fine_and_another_is_refused(
    simulated: Files, directory: Path, tmp_path: Path
) -> None:
    data = dataset.read(simulated.transactions, simulated.accounts)
    same = train.build(data, name="test", seed=1)
    same.pop("version")
    train.write(directory, same)
    before = content(directory)
    with pytest.raises(ModelError, match=r"card\.md: is there already and differs"):
        train.write(directory, {**same, "card.md": "another"})
    assert content(directory) == before
    train.write(tmp_path / "new" / "model", same)
    assert content(tmp_path / "new" / "model") == before
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["model"]


def test_other_data_makes_another_version(loaded: Model, simulated: Files) -> None:
    data = dataset.read(*simulated)
    fewer = data.where(np.arange(len(data)) % 10 > 0)
    assert train.build(fewer, name="test", seed=1)["version"] != loaded.manifest.version


def test_the_directory_bears_the_version(directory: Path, loaded: Model) -> None:
    assert directory.name == loaded.manifest.version


@pytest.mark.parametrize(
    ("name", "out", "message"),
    [("a/b", "m", "name must be of"), ("x" * 128, "m", "name must be"), ("a", "a b", "to be act")],
)
def test_a_name_that_could_not_be_active_is_refused(
    simulated: Files, tmp_path: Path, name: str, out: str, message: str
) -> None:
    done = run(
        *("train", "--data", simulated.transactions, "--out", tmp_path / out),
        *("--name", name, "--activate"),
    )
    assert done.returncode == 1
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_moment_of_training_is_that_of_the_data_or_as_told(
    simulated: Files, loaded: Model
) -> None:
    data = dataset.read(simulated.transactions, simulated.accounts)
    assert loaded.manifest.trained().timestamp() == data.facts["time"].max()
    told = train.build(data, name="test", seed=1, trained_at="2026-07-01T00:00:00+00:00")
    assert told["version"] == loaded.manifest.version
    assert '"trained_at": "2026-07-01T00:00:00+00:00"' in told["manifest.json"]


def made(times: list[float], labels: list[bool]) -> Dataset:
    facts = {
        "amount": np.ones(len(times)),
        "time": np.array(times, dtype=np.float64),
        "age_of_account": np.zeros(len(times)),
        "number_of_transactions": np.ones(len(times)),
    }
    return Dataset(facts, np.array(labels, dtype=np.bool_), "0" * 64, "")


def test_parts_follow_each_other_in_time_whatever_the_order_of_arrival() -> None:
    rng = np.random.default_rng(0)
    times = rng.integers(0, 300, 1000).astype(float).tolist()
    parts = train.split(made(times, (rng.random(1000) < 0.5).tolist()))
    assert sum(map(len, parts)) == 1000
    for earlier, later in itertools.pairwise(parts):
        assert earlier.facts["time"].max() < later.facts["time"].min()


@pytest.mark.parametrize(
    ("times", "labels", "message"),
    [
        ([7.0] * 20, [True, False] * 10, "train part has no rows: too few moments"),
        ([1.0] * 10 + [2.0] * 10, [True, False] * 10, "calibrate part has no rows"),
        (list(range(20)), [False] * 20, "train part has only legitimate rows"),
        (list(range(20)), [True] * 20, "train part has only frauds"),
        (list(range(20)), [True, False] * 6 + [False] * 8, "calibrate part has only legit"),
        (list(range(20)), [True, False] * 7 + [False] * 6, "test part has only legitimate"),
    ],
)
def test_data_that_cannot_be_split_is_refused(
    times: list[float], labels: list[bool], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        train.split(made(times, labels))


def test_a_score_that_contradicts_the_labels_is_refused() -> None:
    rng = np.random.default_rng(0)
    amounts = rng.lognormal(3, 1, 4000)
    data = made(list(range(4000)), (amounts > 30).tolist())
    data.facts["amount"][:] = amounts
    data.labels[2200:2800] = ~data.labels[2200:2800]
    with pytest.raises(DataError, match="contradicts"):
        train.build(data, name="x", seed=1)


def test_a_failure_is_told_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("account_id,amount,time,label\na,1,1,0\n")
    done = run("train", "--data", data, "--out", tmp_path / "models" / "m")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: the train part has no rows")
    assert not (tmp_path / "models").exists()


def test_the_model_finds_frauds_of_a_later_time(loaded: Model) -> None:
    found = loaded.manifest.metrics
    assert found["average_precision"] > 0.5
    assert found["brier"] < found["brier_of_constant_rate"]


def test_the_model_finds_frauds_among_cards_it_never_saw(loaded: Model, tmp_path: Path) -> None:
    files = Files(tmp_path / "t.csv", tmp_path / "a.csv")
    simulate.run(
        transactions=files.transactions,
        accounts=files.accounts,
        count=200,
        days=120,
        seed=99,
        start=START,
    )
    data = dataset.read(*files)
    scores = loaded.predict(data.facts).probabilities
    assert metrics.average_precision(data.labels, scores) > 0.5


def test_the_model_made_by_default_is_good_and_flags_the_showcase(tmp_path: Path) -> None:
    files = Files(tmp_path / "t.csv", tmp_path / "a.csv")
    assert run("simulate", "--transactions", files[0], "--accounts", files[1]).returncode == 0
    assert run(*arguments(files, tmp_path / "models")).returncode == 0
    loaded = model.load(model.resolve(tmp_path / "models"))
    found = loaded.manifest.metrics
    assert found["average_precision"] > 0.75
    assert found["roc_auc"] > 0.98
    assert found["recall_at_1_percent_false_positives"] > 0.8
    assert found["brier"] < 0.5 * found["brier_of_constant_rate"]
    assert found["expected_calibration_error"] < 0.003
    data, mask = showcase(files)
    score = loaded.predict(data.where(mask).facts)
    assert score.labels.tolist() == [True]
    assert score.probabilities[0] >= 0.9


def showcase(files: Files) -> tuple[Dataset, Mask]:
    with files.transactions.open(encoding="utf-8", newline="") as file:
        ids = [row["transaction_id"] for row in csv.DictReader(file)]
    return dataset.read(*files), np.array([identity == simulate.SHOWCASE_ID for identity in ids])


def test_evaluation_of_the_training_file_looks_at_its_last_part_only(
    root: Path, loaded: Model, simulated: Files
) -> None:
    text = evaluate.run(
        path=root, data=simulated.transactions, accounts=simulated.accounts, as_json=True
    )
    found = json.loads(text)
    assert found["version"] == loaded.manifest.version
    assert found["metrics"] == pytest.approx(dict(loaded.manifest.metrics))


def test_evaluation_prints_a_table(root: Path, loaded: Model, simulated: Files) -> None:
    done = run(
        *("evaluate", "--model", root, "--data", simulated.transactions),
        *("--accounts", simulated.accounts),
    )
    assert done.returncode == 0, done.stderr
    lines = dict(line.split() for line in done.stdout.splitlines())
    assert lines["model"] == loaded.manifest.version
    assert float(lines["roc_auc"]) == pytest.approx(loaded.manifest.metrics["roc_auc"], rel=1e-4)


def test_evaluation_of_one_class_is_refused(root: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("account_id,amount,time,label\na,1,1,0\n")
    with pytest.raises(DataError, match="only one class in the 1 rows"):
        evaluate.run(path=root, data=data, accounts=None, as_json=False)


SPARKOV = Path(os.environ.get("BRRR_TEST_DATA", ROOT.parent / "shared" / "data")) / "sparkov"


@pytest.mark.skipif(not SPARKOV.exists(), reason="BRRR_TEST_DATA names no directory with sparkov")
def test_a_model_of_foreign_data_finds_its_frauds(tmp_path: Path) -> None:
    out = train.run(
        data=SPARKOV / "transactions.csv.gz",
        accounts=SPARKOV / "accounts.csv",
        out=f"{tmp_path}/{{version}}",
        name="sparkov",
        seed=1,
        activate=False,
    )
    found = model.load(out).manifest.metrics
    assert found["average_precision"] > 0.5
    assert found["roc_auc"] > 0.95


def raw_and_labels(loaded: Model, simulated: Files) -> tuple[Column, Mask]:
    data = evaluate.unseen(dataset.read(*simulated), loaded.manifest)
    assert features.row_errors(data.facts) == {}
    return loaded.raw_scores(data.facts), data.labels


def test_calibration_keeps_the_order_of_the_raw_scores(loaded: Model, simulated: Files) -> None:
    raw, labels = raw_and_labels(loaded, simulated)
    scores = loaded.manifest.calibration.probabilities(raw)
    order = np.argsort(raw, kind="stable")
    assert (np.diff(scores[order]) >= 0).all()
    assert metrics.roc_auc(labels, scores) == pytest.approx(metrics.roc_auc(labels, raw), abs=1e-9)
