import csv
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from predictor import dataset, manifest, metrics, model, package, simulate, train
from predictor.dataset import Dataset
from predictor.errors import DataError, ModelError
from predictor.features import DEFAULT_FEATURES, FACTS, SEED_FACTS, Extractor, Mask, computable
from predictor.manifest import Manifest
from predictor.metrics import Scored
from predictor.model import Model
from predictor.package import Rule
from predictor.split import by_time

from .conftest import START, Files, Trained, made, run
from .test_package import content
from .test_plots import PICTURES, assert_drawn


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few trees and samples, for what does not depend on how good they are."""
    monkeypatch.setattr(train, "TREES", 8)
    monkeypatch.setattr(package, "SAMPLES", 20)


def arguments(files: Files, out: Path) -> tuple[str | Path, ...]:
    return (
        *("train", "--data", files.transactions, "--accounts", files.accounts),
        *("--out", f"{out}/{{version}}", "--name", "test", "--activate"),
    )


def described(files: dict[str, bytes], folder: Path) -> Manifest:
    path = folder / "manifest.json"
    path.write_bytes(files["manifest.json"])
    return manifest.load(path)


def test_the_same_input_makes_the_same_bytes_in_any_process(
    simulated: Files, root: Path, tmp_path: Path
) -> None:
    done = run(*arguments(simulated, tmp_path), PYTHONHASHSEED="2", OMP_NUM_THREADS="2")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    found = content(tmp_path)
    assert found == content(root)
    assert sorted(Path(name).name for name in found) == [
        "active",
        "card.md",
        "gain.png",
        "golden.csv",
        "manifest.json",
        "model.txt",
        "precision_recall.png",
        "reliability.png",
        "scores.png",
    ]


def test_training_tells_how_far_it_is(trained_on_four: Trained, four: Path) -> None:
    lines = trained_on_four.told.splitlines()
    version = model.resolve(four).name
    assert lines[0] == "reading transactions.csv"
    assert lines[-1] == f"{version} in {four / version}, now active"
    early, last = lines[1:-1][: len(lines) // 2 - 1], lines[1:-1][len(lines) // 2 - 1 :]
    for growing, *progress in (early, last):  # Before the calibration, and to serve.
        assert growing.startswith(f"growing {train.TREES} trees on ")
        steps = [int(line.split()[0]) for line in progress]
        assert progress == [f"  {step} of {train.TREES} trees" for step in steps]
        assert len(steps) > 1
        assert steps == sorted(steps)
        assert steps[-1] < train.TREES


def test_a_model_may_be_told_to_need_few_facts(four: Path) -> None:
    about = model.load(model.resolve(four)).manifest
    assert about.facts == SEED_FACTS
    assert about.features == computable(SEED_FACTS)


def test_a_rule_of_costs_sets_the_threshold(four: Path) -> None:
    about = model.load(model.resolve(four)).manifest
    assert about.threshold == 10 / (90 + 10)
    assert about.threshold_rule == "least cost, if a miss costs 90 and a false alarm 10"


@pytest.mark.usefixtures("quick")
def test_a_rule_of_false_alarms_sets_the_threshold_on_the_calibrate_part(
    rows: Dataset, tmp_path: Path
) -> None:
    _, files = train.build(rows, name="x", seed=1, rule=Rule(false_positive_rate=0.02))
    about = described(files, tmp_path)
    assert about.threshold_rule == "at most 2.0000% of legitimate transactions flagged"
    parts = by_time(rows)
    grown = train.grow([parts.train], DEFAULT_FEATURES, 1).load()
    raw = grown.raw_scores(Extractor(DEFAULT_FEATURES).matrix(parts.calibrate.facts))
    scores = about.calibration.probabilities(raw)
    flagged = scores[~parts.calibrate.labels] >= about.threshold
    assert 0.005 < flagged.mean() <= 0.02


@pytest.mark.usefixtures("quick")
def test_the_trees_that_serve_are_grown_on_all_but_the_test_part(rows: Dataset) -> None:
    _, files = train.build(rows, name="x", seed=3)
    parts = by_time(rows)
    grown = train.grow([parts.train, parts.calibrate], DEFAULT_FEATURES, 3)
    assert files["model.txt"] == grown.content
    later = rows.facts["time"] >= parts.test.facts["time"].min()
    amounts = np.where(later, 2.0, 1.0) * rows.facts["amount"]
    other = replace(rows, facts={**rows.facts, "amount": amounts})
    _, others = train.build(other, name="x", seed=3)
    assert others["model.txt"] == files["model.txt"]


def test_the_manifest_tells_how_the_data_was_split(loaded: Model, rows: Dataset) -> None:
    told, parts = loaded.manifest.training, by_time(rows)
    assert told.rows == len(parts.train) + len(parts.calibrate)
    assert told.data_rows == len(rows)
    assert told.from_time == rows.facts["time"].min()
    assert told.from_time < told.calibrate_from < told.to_time < told.test_from
    assert told.calibrate_from == parts.calibrate.facts["time"].min()
    assert told.test_from == parts.test.facts["time"].min()
    assert (told.data_sha256, told.accounts_sha256) == (rows.sha256, rows.accounts_sha256)


def test_the_figures_are_those_of_the_test_part(loaded: Model, test_part: Dataset) -> None:
    about = loaded.manifest
    scored = Scored(test_part.labels, loaded.predict(test_part.facts).probabilities)
    figures = scored.figures(about.threshold)
    for name, value in figures.items():
        assert about.metrics[name] == pytest.approx(value, rel=1e-9)
        if name != "rows":
            assert about.metrics[f"{name}.low"] <= value <= about.metrics[f"{name}.high"]
    assert len(about.metrics) == 3 * len(figures) - 2
    assert metrics.table(list(about.bins)) == [
        pytest.approx(b, rel=1e-9) for b in metrics.table(scored.bins())
    ]
    assert sum(b.rows for b in about.bins) == len(test_part)


def test_a_directory_has_its_pictures_and_its_card(directory: Path, loaded: Model) -> None:
    for name in PICTURES:
        assert_drawn((directory / name).read_bytes())
    card = (directory / "card.md").read_text()
    assert card.startswith(f"# Model {loaded.manifest.version}\n")
    assert all(name in card for name in (*PICTURES, *FACTS, *DEFAULT_FEATURES))
    assert directory.name == loaded.manifest.version


@pytest.mark.usefixtures("quick")
def test_other_data_or_another_seed_makes_another_version(rows: Dataset) -> None:
    version, files = train.build(rows, name="test", seed=1)
    assert train.build(rows, name="test", seed=1) == (version, files)
    fewer = rows.where(np.arange(len(rows)) % 10 > 0)
    assert train.build(fewer, name="test", seed=1)[0] != version
    assert train.build(rows, name="test", seed=2)[0] != version
    assert train.build(rows, name="test", seed=1, rule=Rule(miss_cost=9.0))[0] != version


@pytest.mark.usefixtures("quick")
def test_the_moment_of_training_is_that_of_the_data_or_as_told(
    rows: Dataset, loaded: Model, tmp_path: Path
) -> None:
    assert loaded.manifest.trained().timestamp() == int(rows.facts["time"].max())
    version, files = train.build(rows, name="test", seed=1)
    told = "2026-07-01T00:00:00+00:00"
    again, others = train.build(rows, name="test", seed=1, trained_at=told)
    assert again == version
    assert described(others, tmp_path).trained_at == told
    differing = {name for name in files if files[name] != others[name]}
    assert differing == {"manifest.json", "card.md"}


@pytest.mark.usefixtures("quick")
def test_a_model_of_derived_facts_needs_those_that_the_data_has(
    rows: Dataset, tmp_path: Path
) -> None:
    some = ("amount", "time", "age_of_account", "amount_last_day")
    path = tmp_path / "derived.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow([*some, "account_id", "label"])
        columns = [rows.facts[name].tolist() for name in some]
        accounts, labels = rows.accounts.tolist(), rows.labels.astype(int).tolist()
        out.writerows(zip(*columns, accounts, labels, strict=True))
    target = train.run(data=path, accounts=None, out=f"{tmp_path}/{{version}}")
    loaded = model.load(target)
    assert loaded.facts == some
    version, _ = train.build(rows, name="model", seed=1, facts=some)
    assert target.name == loaded.manifest.version == version
    assert not (tmp_path / "active").exists()


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (("amount", "colour"), "fact 'colour' is not known; there are amount, time, age_of"),
        (("amount", ""), "fact '' is not known"),
        (("amount_last_hour",), "features must be named"),
    ],
)
def test_facts_that_make_no_model_are_refused(
    rows: Dataset, facts: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        train.build(rows, name="x", seed=1, facts=facts)


@pytest.mark.parametrize(
    ("name", "message"), [("a/b", "name must be of"), ("x" * 128, "name must be of")]
)
def test_a_name_that_could_not_be_active_is_refused_before_the_work(
    tmp_path: Path, name: str, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        train.run(data=tmp_path / "nothing.csv", accounts=None, out=f"{tmp_path}/m", name=name)


@pytest.mark.usefixtures("quick")
def test_a_target_that_is_there_and_differs_is_left_alone(simulated: Files, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "card.md").write_text("precious")
    with pytest.raises(ModelError, match="is there already and differs; choose another --out"):
        train.run(
            data=simulated.transactions,
            accounts=simulated.accounts,
            out=f"{tmp_path}/model",
            activate=True,
        )
    assert content(tmp_path) == {"model/card.md": b"precious"}


def test_a_score_that_contradicts_the_labels_is_refused() -> None:
    rng = np.random.default_rng(0)
    amounts = rng.lognormal(3, 1, 4000)
    labels = (amounts > 30) ^ (rng.random(4000) < 0.02)
    labels[2200:2800] = ~labels[2200:2800]
    data = made(list(range(4000)), labels.tolist())
    data.facts["amount"][:] = amounts
    with pytest.raises(DataError, match="contradicts"):
        train.build(data, name="x", seed=1)


def test_a_label_that_a_fact_was_made_from_is_refused() -> None:
    rng = np.random.default_rng(0)
    data = made(list(range(4000)), (rng.random(4000) < 0.1).tolist())
    data.facts["transactions_last_week"][:] = 1.0 + data.labels
    with pytest.raises(DataError, match="transactions_last_week alone tells the label"):
        train.build(data, name="x", seed=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("account_id,amount,time,label\na,1,1,0\n", "error: the train part has no rows"),
        ("account_id,amount,time\na,1,1\n", "column label is missing from the header"),
    ],
)
def test_a_failure_is_told_in_one_line_and_leaves_nothing(
    tmp_path: Path, text: str, message: str
) -> None:
    data = tmp_path / "data.csv"
    data.write_text(text)
    done = run("train", "--data", data, "--out", tmp_path / "models" / "m")
    assert (done.returncode, done.stdout) == (1, "")
    progress, failure = done.stderr.splitlines()
    assert progress == "reading data.csv"
    assert failure.startswith("error: ")
    assert message in failure
    assert not (tmp_path / "models").exists()


@pytest.mark.usefixtures("quick")
def test_without_matplotlib_training_names_what_to_install(
    rows: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModelError, match=r"plots need the package matplotlib: pip install -r"):
        train.build(rows, name="x", seed=1)


def test_the_model_finds_frauds_of_a_later_time(loaded: Model) -> None:
    found = loaded.manifest.metrics
    assert found["average_precision"] > 0.75
    assert found["recall_at_1_percent_false_positives"] > 0.85
    assert found["brier"] < 0.6 * found["brier_of_constant_rate"]


def test_the_history_of_an_account_helps(loaded: Model, four: Path) -> None:
    all_nine, fewer = loaded.manifest.metrics, model.load(model.resolve(four)).manifest.metrics
    assert all_nine["average_precision"] > fewer["average_precision"] + 0.05


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
    scored = Scored(data.labels, loaded.predict(data.facts).probabilities)
    assert scored.figures(0.5)["average_precision"] > 0.6


def test_the_model_made_by_default_is_good_and_flags_the_showcase(tmp_path: Path) -> None:
    files = Files(tmp_path / "t.csv", tmp_path / "a.csv")
    assert run("simulate", "--transactions", files[0], "--accounts", files[1]).returncode == 0
    assert run(*arguments(files, tmp_path / "models")).returncode == 0
    loaded = model.load(model.resolve(tmp_path / "models"))
    found = loaded.manifest.metrics
    assert found["average_precision"] > 0.85
    assert found["roc_auc"] > 0.99
    assert found["recall_at_1_percent_false_positives"] > 0.9
    assert found["brier"] < 0.4 * found["brier_of_constant_rate"]
    assert found["expected_calibration_error"] < 0.003
    data, mask = showcase(files)
    score = loaded.predict(data.where(mask).facts)
    assert score.labels.tolist() == [True]
    assert score.probabilities[0] >= 0.9


def showcase(files: Files) -> tuple[Dataset, Mask]:
    with files.transactions.open(encoding="utf-8", newline="") as file:
        ids = [row["transaction_id"] for row in csv.DictReader(file)]
    return dataset.read(*files), np.array([identity == simulate.SHOWCASE_ID for identity in ids])


def test_calibration_keeps_the_order_of_the_raw_scores(loaded: Model, test_part: Dataset) -> None:
    raw = loaded.raw_scores(test_part.facts)
    scores = loaded.manifest.calibration.probabilities(raw)
    assert (np.diff(scores[np.argsort(raw, kind="stable")]) >= 0).all()
    area = metrics.roc_auc(test_part.labels, raw)
    assert metrics.roc_auc(test_part.labels, scores) == pytest.approx(area, abs=1e-9)


def test_the_manifest_holds_what_json_can(directory: Path) -> None:
    text = (directory / "manifest.json").read_text()
    assert json.dumps(json.loads(text), indent=2, sort_keys=True, allow_nan=False) + "\n" == text
