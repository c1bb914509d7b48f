from pathlib import Path

import numpy as np
import pytest

from predictor import golden
from predictor.errors import ModelError
from predictor.features import DEFAULT_FEATURES, FACTS, SEED_FACTS, Column, Extractor

from .conftest import random_facts

EVERY = Extractor(DEFAULT_FEATURES)


def scored(rows: int = 5_000) -> tuple[dict[str, Column], Column]:
    rng = np.random.default_rng(0)
    return random_facts(rng, rows), 1.0 / (1.0 + np.exp(rng.normal(5, 3, rows)))


def test_rows_are_spread_from_the_lowest_log_odds_to_the_highest() -> None:
    facts, probabilities = scored()
    found = golden.choose(facts, probabilities)
    assert list(found) == list(FACTS)
    assert {len(column) for column in found.values()} == {golden.MIN_ROWS + 5}
    place = {amount: row for row, amount in enumerate(facts["amount"].tolist())}
    rows = [place[amount] for amount in found["amount"][: golden.MIN_ROWS].tolist()]
    for name in FACTS:
        assert found[name][: golden.MIN_ROWS].tolist() == facts[name][rows].tolist()
    picked = probabilities[rows]
    assert picked[0] == probabilities.min()
    assert picked[-1] == probabilities.max()
    steps = np.diff(np.log(picked) - np.log1p(-picked))
    assert steps.min() > 0
    assert steps[2:-2].max() < 3 * steps.mean()


def test_the_corners_hold_to_every_rule_whatever_facts_a_model_needs() -> None:
    facts, probabilities = scored(50)
    found = golden.choose(facts, probabilities)
    assert EVERY.row_errors(found) == {}
    assert np.isfinite(EVERY.matrix(found)).all()
    four = golden.choose({name: facts[name] for name in SEED_FACTS}, probabilities)
    for name in SEED_FACTS:
        assert four[name].tolist() == found[name].tolist()


@pytest.mark.parametrize("value", [0.5, 1e-300, 1.0])
def test_scores_that_are_all_the_same_have_rows_too(value: float) -> None:
    facts, _ = scored(50)
    found = golden.choose(facts, np.full(50, value))
    assert len(found["amount"]) == golden.MIN_ROWS + 5


def test_scores_that_are_certain_have_rows_too() -> None:
    facts, probabilities = scored()
    probabilities[:2] = 1.0, 1e-304
    found = golden.choose(facts, probabilities)
    assert found["amount"][0] == facts["amount"][1]
    assert found["amount"][golden.MIN_ROWS - 1] == facts["amount"][0]


def test_numbers_read_back_as_they_were(tmp_path: Path) -> None:
    facts, probabilities = scored(200)
    path = tmp_path / "golden.csv"
    path.write_text(golden.dump(facts, probabilities))
    found, expected = golden.load(path, EVERY)
    assert expected.tolist() == probabilities.tolist()
    assert {name: column.tolist() for name, column in found.items()} == {
        name: column.tolist() for name, column in facts.items()
    }


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("-5,0,0,1,0,1,1,1,1,0.5", "row 21: amount must be finite and above 0"),
        ("5,0,0,1,0,1,1,1,0,0.5", "row 21: transactions_last_week must be a whole number"),
        ("5,0,0,1,0,1,1,1,1,much", "golden.csv:22: fraud_probability must be a finite number"),
        ("5,0,0,1,0,1,1,1,1,nan", "golden.csv:22: fraud_probability must be a finite number"),
        ("5,0,0,1", "golden.csv:22: 4 values, not the header's 10"),
    ],
)
def test_a_row_that_breaks_a_rule_is_named(tmp_path: Path, line: str, rule: str) -> None:
    facts, probabilities = scored(20)
    path = tmp_path / "golden.csv"
    path.write_text(golden.dump(facts, probabilities) + line + "\n")
    with pytest.raises(ModelError) as raised:
        golden.load(path, EVERY)
    assert rule in str(raised.value)
    assert str(path) in str(raised.value)


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    facts, probabilities = scored(19)
    path = tmp_path / "golden.csv"
    path.write_text(golden.dump(facts, probabilities))
    with pytest.raises(ModelError, match=r"golden\.csv: must have at least 20 rows, not 19"):
        golden.load(path, EVERY)
    path.write_text("")
    with pytest.raises(ModelError, match=r"golden\.csv: is empty"):
        golden.load(path, EVERY)
    path.unlink()
    with pytest.raises(ModelError, match=r"golden\.csv: is missing"):
        golden.load(path, EVERY)
    path.mkdir()
    with pytest.raises(ModelError, match=r"golden\.csv: Is a directory"):
        golden.load(path, EVERY)


def test_a_column_that_a_model_needs_is_named_when_it_is_missing(tmp_path: Path) -> None:
    facts, probabilities = scored(20)
    path = tmp_path / "golden.csv"
    path.write_text(golden.dump({name: facts[name] for name in SEED_FACTS}, probabilities))
    with pytest.raises(ModelError, match="column seconds_since_previous is missing"):
        golden.load(path, EVERY)


def test_the_first_row_that_scores_otherwise_is_named() -> None:
    path, expected = Path("golden.csv"), np.array([0.1, 0.2, 0.3])
    golden.check(path, expected, expected + 9e-10, 1e-9)
    for other in (0.2 + 2e-9, 0.2 - 2e-9, float("nan")):
        with pytest.raises(ModelError) as raised:
            golden.check(path, expected, np.array([0.1, other, 0.9]), 1e-9)
        assert str(raised.value) == (
            f"golden.csv: row 2: fraud_probability must be 0.2, and the model gives {other!r}"
        )
