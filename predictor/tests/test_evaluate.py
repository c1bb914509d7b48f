import copy
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from predictor import evaluate, model
from predictor.dataset import Dataset
from predictor.errors import DataError, ModelError
from predictor.evaluate import Report, as_table
from predictor.evaluate import _as_json as as_json
from predictor.model import Model

from .conftest import Files, arrays, run
from .test_plots import PICTURES, assert_drawn


def measured(files: Files, *roots: Path, every_row: bool = False) -> dict[str, Any]:
    text = evaluate.run(
        paths=list(roots),
        data=files.transactions,
        accounts=files.accounts,
        as_json=True,
        every_row=every_row,
    )
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def compared(root: Path, four: Path, simulated: Files) -> dict[str, Any]:
    return measured(simulated, root, four)


@pytest.fixture
def both(compared: dict[str, Any]) -> dict[str, Any]:
    """Both models on the rows that neither was made from. A test may change its copy."""
    return copy.deepcopy(compared)


def test_a_model_scores_on_its_own_data_what_its_manifest_says(
    both: dict[str, Any], root: Path, four: Path
) -> None:
    assert len(both["models"]) == 2
    for found, folder in zip(both["models"], (root, four), strict=True):
        about = model.load(model.resolve(folder)).manifest
        assert found["version"] == about.version
        assert found["metrics"].pop("rows")["value"] == about.metrics["rows"]
        for name, figure in found["metrics"].items():
            told = [about.metrics[f"{name}{end}"] for end in ("", ".low", ".high")]
            assert [figure["value"], figure["low"], figure["high"]] == pytest.approx(told)
        assert len(found["calibration"]) == len(about.bins) == 10
        rows = [b["rows"] for b in found["calibration"]]
        assert rows == [b.rows for b in about.bins]


def test_two_models_are_compared_on_the_same_samples(both: dict[str, Any]) -> None:
    first, second = both["models"]
    (difference,) = both["differences"]
    assert (difference["of"], difference["to"]) == (second["version"], first["version"])
    for name, found in difference["metrics"].items():
        mine, other = first["metrics"][name], second["metrics"][name]
        assert found["value"] == pytest.approx(other["value"] - mine["value"], abs=1e-12)
        assert found["low"] <= found["value"] <= found["high"] or name == "rows"
        # Paired: what both have in common is no difference.
        if name in ("rows", "fraud_rate", "brier_of_constant_rate"):
            assert (found["low"], found["high"]) == (0.0, 0.0)
        elif name == "roc_auc":
            apart = [m["high"] - m["low"] for m in (mine, other)]
            assert found["high"] - found["low"] < sum(apart)
    better = difference["metrics"]["average_precision"]
    assert better["high"] < 0


def test_a_model_does_not_differ_from_itself(root: Path, simulated: Files) -> None:
    found = measured(simulated, root, root)
    for difference in found["differences"][0]["metrics"].values():
        assert difference == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_rows_of_the_training_time_are_left_out_unless_every_row_is_wanted(
    root: Path, loaded: Model, rows: Dataset, simulated: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    told = loaded.manifest.training
    (found,) = measured(simulated, root)["models"]
    assert found["metrics"]["rows"]["value"] == told.data_rows - told.rows
    assert f"{told.rows:,} rows from the time of training are left out" in capsys.readouterr().err
    (found,) = measured(simulated, root, every_row=True)["models"]
    assert found["metrics"]["rows"]["value"] == told.data_rows == len(rows)
    assert capsys.readouterr().err == ""


def test_the_latest_training_of_all_models_counts(loaded: Model, rows: Dataset) -> None:
    about = loaded.manifest
    later = replace(about, training=replace(about.training, test_from=1.776e9))
    other = Model(later, loaded._engine)
    left = evaluate.unseen(rows, [loaded, other])
    assert left.facts["time"].min() >= 1.776e9
    assert len(left) < len(evaluate.unseen(rows, [loaded]))
    last = replace(about, training=replace(about.training, test_from=9e9))
    with pytest.raises(DataError, match="no row is later than the training; --every-row takes all"):
        evaluate.unseen(rows, [loaded, Model(last, loaded._engine)])


def test_a_user_sees_a_table_and_gets_pictures(
    root: Path, four: Path, both: dict[str, Any], simulated: Files, tmp_path: Path
) -> None:
    done = run(
        *("evaluate", "--model", root, "--model", four, "--data", simulated.transactions),
        *("--accounts", simulated.accounts, "--plots", tmp_path / "new" / "plots"),
    )
    assert done.returncode == 0, done.stderr
    head, *lines = (re.split(r"\s{2,}", line) for line in done.stdout.splitlines())
    first, second = (found["version"] for found in both["models"])
    assert head == ["figure (95 % interval)", first, second, f"{second} minus {first}"]
    assert [line[0] for line in lines] == list(both["models"][0]["metrics"])
    parts = [found["metrics"] for found in (*both["models"], *both["differences"])]
    for name, *cells in lines:
        for cell, part in zip(cells, parts, strict=True):
            f = part[name]
            intervals = f"{f['value']:.4f} ({f['low']:.4f} to {f['high']:.4f})"
            assert cell == (f"{f['value']:,.0f}" if name == "rows" else intervals)
    plots = tmp_path / "new" / "plots"
    assert sorted(path.name for path in plots.iterdir()) == sorted(PICTURES)
    for name in PICTURES:
        assert_drawn((plots / name).read_bytes())


def reported(*names: str) -> list[Report]:
    """Reports on the same made-up rows, with scores that know nothing."""
    labels = np.array([True, False] * 50)
    data = Dataset(arrays({"time": [1.0]}), labels, np.arange(100), "", "")
    scores = [np.random.default_rng(seed).random(100) for seed in range(len(names))]
    return [evaluate.report(n, data, s, 0.5) for n, s in zip(names, scores, strict=True)]


def test_one_model_has_no_differences() -> None:
    (report,) = reported("a")
    assert json.loads(as_json([report]))["differences"] == []
    assert "minus" not in as_table([report])


def test_a_table_has_its_columns_below_each_other() -> None:
    reports = reported("a", "a-very-long-version-of-a-model")
    lines = as_table(reports).splitlines()
    assert len(lines) == 1 + len(reports[0].figures)
    place = lines[0].index("a-very-long")
    assert all(line[place - 2 : place].isspace() for line in lines)
    assert all(line == line.rstrip() for line in lines)


def test_evaluation_of_one_class_is_refused(root: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("account_id,amount,time,label\na,1,1900000000,0\nb,1,1900000000,0\n")
    with pytest.raises(DataError, match=r"what is left to evaluate, 2 rows, has only legitimate"):
        evaluate.run(paths=[root], data=data, accounts=None, as_json=False)


def test_rows_of_the_training_time_alone_are_refused(root: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("account_id,amount,time,label\na,1,1,0\na,1,1,1\n")
    done = run("evaluate", "--model", root, "--data", data)
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == "error: no row is later than the training; --every-row takes all there are\n"
    )
    text = evaluate.run(paths=[root], data=data, accounts=None, as_json=False, every_row=True)
    assert re.match(r"figure .*\nrows +2\nfraud_rate +0\.5000 \(", text)


def test_a_fact_that_the_data_has_not_is_named(root: Path, four: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text(
        "amount,time,age_of_account,number_of_transactions,label\n"
        "1,1900000000,90000000,1,0\n2,1900000001,90000000,2,1\n"
    )
    with pytest.raises(DataError, match=r"data\.csv: has not the fact seconds_since_previous, whi"):
        evaluate.run(paths=[four, root], data=data, accounts=None, as_json=True)
    found = json.loads(evaluate.run(paths=[four], data=data, accounts=None, as_json=True))
    assert found["models"][0]["metrics"]["rows"]["value"] == 2


def test_a_model_that_cannot_be_used_is_refused(simulated: Files, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds neither"):
        measured(simulated, tmp_path)
