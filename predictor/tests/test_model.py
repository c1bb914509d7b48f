import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest

from predictor import golden, manifest, model
from predictor.dataset import Dataset
from predictor.errors import ModelError, UnsupportedError
from predictor.features import DEFAULT_FEATURES, FACTS, REASONS, SEED_FACTS, Column, computable
from predictor.model import Model

from .conftest import COLUMNS, ROOT, arrays, random_facts


def columns(**changes: list[float]) -> dict[str, Column]:
    return arrays({**COLUMNS, **changes})


def test_golden_rows_score_as_promised(loaded: Model, directory: Path) -> None:
    facts, expected = golden.load(directory / "golden.csv", loaded.extractor)
    assert len(expected) >= 20
    assert expected.max() - expected.min() > 0.5
    np.testing.assert_allclose(loaded.predict(facts).probabilities, expected, rtol=0, atol=1e-12)


def test_a_model_has_the_facts_of_its_features(loaded: Model, four: Path) -> None:
    assert loaded.manifest.features == DEFAULT_FEATURES
    assert loaded.facts == loaded.manifest.facts == FACTS
    small = model.load(model.resolve(four))
    assert small.manifest.features == computable(SEED_FACTS)
    assert small.facts == small.manifest.facts == SEED_FACTS


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


def test_facts_that_the_model_does_not_need_change_nothing(four: Path) -> None:
    small = model.load(model.resolve(four))
    rng = np.random.default_rng(1)
    facts = random_facts(rng, 500)
    needed = {name: facts[name] for name in SEED_FACTS}
    expected = small.predict(needed).probabilities
    np.testing.assert_array_equal(small.predict(facts).probabilities, expected)
    facts["amount_last_day"][:] = np.nan
    assert small.predict(facts).errors == {}


def test_contributions_add_up_to_the_raw_score(loaded: Model, test_part: Dataset) -> None:
    part = test_part.where(np.arange(len(test_part)) % 4 == 0)
    assert len(part) > 3_000
    for facts in (part.facts, random_facts(np.random.default_rng(2), 3_000)):
        found = loaded.explain(facts)
        assert found.errors == {}
        total = found.baseline + np.sum([c.log_odds for c in found.contributions], axis=0)
        np.testing.assert_allclose(total, loaded.raw_scores(facts), rtol=0, atol=1e-9)
        line = loaded.manifest.calibration
        np.testing.assert_allclose(
            line.probabilities(total), loaded.predict(facts).probabilities, rtol=0, atol=1e-9
        )


def test_a_reason_has_what_its_features_have_together(loaded: Model, test_part: Dataset) -> None:
    part = test_part.where(np.arange(len(test_part)) < 500)
    parts = loaded._engine.contributions(loaded.extractor.matrix(part.facts))
    found = {c.reason.code: c.log_odds for c in loaded.explain(part.facts).contributions}
    assert list(found) == list(REASONS)
    names = loaded.manifest.features
    for code, together in {
        "AMOUNT": ("log_amount",),
        "NUMBER_OF_TRANSACTIONS": ("early_number", "log_rate"),
        "RECENT_AMOUNT": ("log_amount_last_hour", "log_amount_last_day", "log_amount_last_week"),
    }.items():
        expected = sum(parts[:, names.index(name)] for name in together)
        np.testing.assert_allclose(found[code], expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(sum(found.values()), parts[:, :-1].sum(axis=1), rtol=0, atol=1e-9)


def test_the_reasons_of_a_takeover_are_its_amount_and_its_hour(loaded: Model) -> None:
    found = loaded.explain({name: values[1:2] for name, values in columns().items()})
    log_odds = {c.reason.code: float(c.log_odds[0]) for c in found.contributions}
    assert max(log_odds, key=lambda code: log_odds[code]) in ("AMOUNT", "RECENT_AMOUNT")
    assert log_odds["TIME_OF_DAY"] > 0.5
    assert {c.reason.code: float(c.values[0]) for c in found.contributions} == pytest.approx(
        {
            "AMOUNT": 2349.99,
            "TIME_OF_DAY": COLUMNS["time"][1] % 86_400 / 3600,
            "AGE_OF_ACCOUNT": COLUMNS["age_of_account"][1] / 86_400,
            "NUMBER_OF_TRANSACTIONS": 90.0,
            "TIME_SINCE_PREVIOUS": 720.0,
            "RECENT_AMOUNT": 5_904.49,
            "RECENT_TRANSACTIONS": 9.0,
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


def test_rows_that_are_all_bad_have_errors_and_no_answer(loaded: Model) -> None:
    facts = {name: np.full(3, np.nan) for name in FACTS}
    found = loaded.predict(facts)
    assert list(found.errors) == [0, 1, 2]
    assert found.probabilities.tolist() == [0.0] * 3
    assert not found.labels.any()
    assert all(c.log_odds.tolist() == [0.0] * 3 for c in loaded.explain(facts).contributions)


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


class Mute:
    """An engine that cannot explain."""

    explains, tolerance = False, 1e-9

    def raw_scores(self, table: Column) -> Column:
        return table[:, 0]

    def contributions(self, table: Column) -> Column:
        raise NotImplementedError(str(table.shape))


def test_a_model_that_cannot_explain_says_so(loaded: Model) -> None:
    mute = Model(loaded.manifest, Mute())
    assert not mute.explains
    assert len(mute.predict(columns()).probabilities) == 4
    with pytest.raises(UnsupportedError, match="cannot explain its scores"):
        mute.explain(columns())


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


@pytest.mark.parametrize("name", ["manifest.json", "model.txt", "golden.csv"])
def test_a_directory_in_place_of_a_file_is_named(broken: Path, name: str) -> None:
    (broken / name).unlink()
    (broken / name).mkdir()
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        model.load(broken)


def test_a_single_other_byte_of_the_trees_is_refused(broken: Path) -> None:
    content = bytearray((broken / "model.txt").read_bytes())
    content[len(content) // 2] ^= 1
    (broken / "model.txt").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.txt: its sha256 must be the manifest's"):
        model.load(broken)


def repack(folder: Path, text: bytes) -> None:
    """Exchange model.txt and make the manifest agree with it."""
    (folder / "model.txt").write_bytes(text)
    path = folder / "manifest.json"
    about = replace(manifest.load(path), sha256=hashlib.sha256(text).hexdigest())
    mark = manifest.fingerprint(about.sha256, about.features, about.calibration, about.threshold)
    path.write_text(manifest.dump(replace(about, version=f"test-{mark}")))


def test_a_text_that_is_no_model_is_refused(broken: Path) -> None:
    for text in (b"hello\n", b"", b"tree\n", b"\xff" * 99):
        repack(broken, text)
        with pytest.raises(ModelError, match=r"model\.txt: is not a LightGBM model"):
            model.load(broken)


@pytest.mark.parametrize(
    "params",
    [
        {"objective": "multiclass", "num_class": 3},
        {"objective": "regression"},
        {"objective": "binary", "sigmoid": 2.0},
        {"objective": "cross_entropy"},
    ],
    ids=str,
)
def test_a_model_of_another_objective_is_refused(broken: Path, params: dict[str, object]) -> None:
    rng = np.random.default_rng(0)
    table = rng.random((300, len(DEFAULT_FEATURES)))
    labels = rng.integers(0, int(str(params.get("num_class", 2))), 300)
    rows = lgb.Dataset(table, labels, feature_name=list(DEFAULT_FEATURES))
    settings = {"verbosity": -1, "num_threads": 1, **params}
    repack(broken, lgb.train(settings, rows, 3).model_to_string().encode())
    with pytest.raises(ModelError, match=r"model\.txt: its objective must be binary, with sig"):
        model.load(broken)


def test_a_model_of_other_features_is_refused(broken: Path) -> None:
    text = (broken / "model.txt").read_bytes()
    for other in (
        text.replace(b"log_rate", b"log_luck"),
        text.replace(b"log_amount hour", b"hour log_amount"),
    ):
        repack(broken, other)
        with pytest.raises(ModelError, match=r"model\.txt: its features must be exactly log_am"):
            model.load(broken)


def test_a_model_of_other_trees_is_caught_by_its_golden_rows(broken: Path) -> None:
    """As when a file is exchanged, and all that names it with it."""
    text = (broken / "model.txt").read_bytes()
    start = text.index(b"leaf_value=") + len(b"leaf_value=")
    end = text.index(b"\n", start)
    values = [float(value) for value in text[start:end].split()]
    other = " ".join(f"{value + 0.001:.17g}".ljust(len(f"{value:.17g}")) for value in values)
    repack(broken, text[:start] + other.encode()[: end - start].ljust(end - start) + text[end:])
    with pytest.raises(ModelError, match=r"golden\.csv: row \d+: fraud_probability must be"):
        model.load(broken)


def test_facts_other_than_those_of_the_features_are_refused(broken: Path) -> None:
    path = broken / "manifest.json"
    content = json.loads(path.read_text())
    for facts in (["amount"], list(FACTS[::-1]), [*FACTS, "colour"], []):
        path.write_text(json.dumps({**content, "facts": facts}))
        with pytest.raises(ModelError, match=r"manifest\.json: facts must be amount, time, age"):
            model.load(broken)


def test_features_that_are_not_known_are_refused(broken: Path) -> None:
    path = broken / "manifest.json"
    about = manifest.load(path)
    about = replace(about, features=("zodiac", *about.features[1:]))
    mark = manifest.fingerprint(about.sha256, about.features, about.calibration, about.threshold)
    path.write_text(manifest.dump(replace(about, version=f"test-{mark}")))
    with pytest.raises(ModelError, match=r"model\.txt: its features must be exactly zodiac"):
        model.load(broken)


def test_a_golden_row_that_scores_otherwise_is_named(broken: Path) -> None:
    path = broken / "golden.csv"
    lines = path.read_text().splitlines()
    facts, _, score = lines[3].rpartition(",")
    lines[3] = f"{facts},{float(score) + 2e-9!r}"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(ModelError, match=r"golden\.csv: row 3: fraud_probability must be"):
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
    (tmp_path / "active").write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match=r"neither manifest\.json nor a readable active"):
        model.resolve(tmp_path)


def test_what_knows_the_model_knows_no_grpc() -> None:
    """So that a model can be trained and judged without a server, and moved to another."""
    modules = "features, facts, model, package, train, adopt, evaluate, simulate"
    text = f"import sys; from predictor import {modules}; print('grpc' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_serving_needs_nothing_that_only_training_does(directory: Path) -> None:
    """Each is an extra."""
    text = (
        "import sys; sys.modules.update(matplotlib=None, pyarrow=None, onnxruntime=None);"
        "from predictor import model, serve; from pathlib import Path;"
        "print(model.load(Path(sys.argv[1])).manifest.version)"
    )
    done = subprocess.run(
        [sys.executable, "-c", text, directory],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{directory.name}\n"
