from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from predictor import card, metrics, package
from predictor.errors import DataError, ModelError
from predictor.metrics import Scored
from predictor.model import ACTIVE
from predictor.package import Rule

from .conftest import made
from .test_manifest import ABOUT

FILES = {"manifest.json": b"{}", "card.md": b"# Model"}
SCORED = Scored(np.array([0, 0, 0, 1, 1], dtype=np.bool_), np.array([0.1, 0.2, 0.3, 0.7, 0.9]))


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_rule_of_costs_makes_the_cheapest_threshold() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.random(200_000)
    frauds = rng.random(200_000) < probabilities
    rule = Rule(miss_cost=30.0, alarm_cost=10.0)
    assert rule.threshold(SCORED) == 0.25

    def cost(threshold: float) -> float:
        flagged = probabilities >= threshold
        return float(30.0 * (frauds & ~flagged).sum() + 10.0 * (~frauds & flagged).sum())

    assert min(np.linspace(0.05, 0.95, 19), key=cost) == pytest.approx(0.25)


def test_a_rule_is_told_in_words() -> None:
    assert Rule().text() == "at most 0.1000% of legitimate transactions flagged"
    assert Rule(miss_cost=250.0, alarm_cost=2.5).text() == (
        "least cost, if a miss costs 250 and a false alarm 2.5"
    )


def test_a_rule_of_false_alarms_asks_the_scores() -> None:
    assert Rule(false_positive_rate=0.34).threshold(SCORED) == pytest.approx(0.25)
    assert Rule().threshold(SCORED) == pytest.approx(0.5)


def test_a_rule_that_nothing_holds_to_is_refused() -> None:
    certain = Scored(np.array([True, False]), np.array([1.0, 1.0]))
    with pytest.raises(DataError, match="no threshold between 0 and 1 holds to the rule: at most"):
        Rule().threshold(certain)
    with pytest.raises(DataError, match="no threshold between 0 and 1 holds to the rule: least"):
        Rule(miss_cost=1e-9, alarm_cost=1e11).threshold(SCORED)


@pytest.mark.parametrize("name", ["a", "A.b_c:d-9", "x" * 119])
def test_a_name_that_fits_into_a_version_is_taken(name: str) -> None:
    package.check_name(name)


@pytest.mark.parametrize("name", ["a/b", "a b", "ü", "x" * 120, "a\n"])
def test_a_name_that_does_not_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="name must be of"):
        package.check_name(name)


def test_a_directory_is_written_whole(tmp_path: Path) -> None:
    target = package.save(f"{tmp_path}/new/{{version}}", "v-12345678", FILES, activate=True)
    assert target == tmp_path / "new" / "v-12345678"
    assert content(tmp_path) == {
        "new/v-12345678/manifest.json": b"{}",
        "new/v-12345678/card.md": b"# Model",
        f"new/{ACTIVE}": b"v-12345678\n",
    }
    assert target.stat().st_mode & 0o777 == 0o755


def test_without_activation_the_active_one_stays(tmp_path: Path) -> None:
    package.save(f"{tmp_path}/one", "v", FILES, activate=True)
    package.save(f"{tmp_path}/two", "v", FILES, activate=False)
    assert (tmp_path / ACTIVE).read_text() == "one\n"
    package.save(f"{tmp_path}/two", "v", FILES, activate=True)
    assert (tmp_path / ACTIVE).read_text() == "two\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["active", "one", "two"]


def test_the_same_again_is_fine_and_another_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "model"
    package.write(target, FILES)
    package.write(target, FILES)
    before = content(tmp_path)
    with pytest.raises(ModelError, match=r"card\.md: is there already and differs"):
        package.write(target, {**FILES, "card.md": b"another"})
    with pytest.raises(ModelError, match=r"gain\.png: is there already and differs"):
        package.write(target, {**FILES, "gain.png": b"new"})
    assert content(tmp_path) == before
    (tmp_path / "file").write_text("precious")
    with pytest.raises(ModelError, match="differs; choose another --out"):
        package.write(tmp_path / "file", FILES)
    assert (tmp_path / "file").read_text() == "precious"


def test_a_directory_that_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        package.write(tmp_path / "model", {**FILES, "nowhere/card.md": b"?"})
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        package.save(f"{tmp_path}/model", "v", {"nowhere/x": b"?"}, activate=True)
    assert list(tmp_path.iterdir()) == []


def test_what_is_to_be_active_must_bear_a_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="to be active its name must be of"):
        package.save(f"{tmp_path}/a b", "v", FILES, activate=True)
    assert list(tmp_path.iterdir()) == []
    package.save(f"{tmp_path}/a b", "v", FILES, activate=False)
    assert [path.name for path in tmp_path.iterdir()] == ["a b"]


def test_samples_without_a_fraud_are_left_out() -> None:
    groups = np.repeat(np.arange(8), 5)
    labels = groups == 3
    data = made(list(range(40)), labels.tolist(), groups)
    scored = Scored(labels, np.linspace(0.1, 0.9, 40))
    samples = package.bootstrap(scored, data, 0.5, seed=1)
    drawn = metrics.draws(groups, package.SAMPLES, 1)
    assert len(samples) == sum((weights @ labels) > 0 for weights in drawn) < package.SAMPLES
    assert all(np.isfinite(list(sample.values())).all() for sample in samples)
    assert all(sample["fraud_rate"] > 0 for sample in samples)


def test_the_card_tells_what_the_manifest_does() -> None:
    text = card.text(ABOUT)
    assert text.startswith(f"# Model {ABOUT.version}\n")
    for told in (
        "from 2 facts: amount, time.",
        "Trained and calibrated on 70 transactions. The data has 100, split by time",
        "Engine lightgbm, 2 features: log_amount, hour.",
        "They are explained as AMOUNT, TIME_OF_DAY.",
        "slope 0.5000, intercept -1.2500",
        "Threshold 0.250000, by this rule: because.",
        f"Data sha256 `{'b' * 64}`, seed 1",
        "| 5.00 | 33.33 | 3 |",
    ):
        assert told in text
    assert "| 0.00 | 0.00 | 0 |" not in text  # A bin without rows tells nothing.
    assert "{" not in text


def test_the_card_of_a_model_from_elsewhere_says_so() -> None:
    adopted = replace(ABOUT, training=replace(ABOUT.training, rows=0))
    assert "Trained elsewhere, on rows that are not known here. The data" in card.text(adopted)


def test_the_card_has_a_line_for_each_figure_with_its_interval() -> None:
    text = card.text(ABOUT)
    assert "| brier | 0.3 | 0 to 0.5 |\n" in text
    assert "| brier.low |" not in text
