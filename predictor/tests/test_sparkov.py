"""On foreign data: 405,777 transactions of the Sparkov generator, which are kept elsewhere."""

import os
from pathlib import Path

import pytest

from predictor import model, train
from predictor.manifest import Manifest

from .conftest import ROOT

SPARKOV = Path(os.environ.get("BRRR_TEST_DATA") or ROOT.parent / "shared" / "data") / "sparkov"

pytestmark = pytest.mark.skipif(
    not SPARKOV.is_dir(),
    reason=f"{SPARKOV} is not there: BRRR_TEST_DATA names no folder that holds sparkov",
)


@pytest.fixture(scope="module")
def about(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    target = train.run(
        data=SPARKOV / "transactions.csv.gz",
        accounts=SPARKOV / "accounts.csv",
        out=f"{tmp_path_factory.mktemp('sparkov')}/{{version}}",
        name="sparkov",
    )
    return model.load(target).manifest


def test_the_model_is_measured_on_the_last_three_tenths(about: Manifest) -> None:
    assert about.training.data_rows == 405_777
    assert about.metrics["rows"] / about.training.data_rows == pytest.approx(0.3, abs=1e-4)
    assert about.training.test_from > about.training.to_time


def test_the_model_finds_most_frauds_and_few_others(about: Manifest) -> None:
    assert about.metrics["average_precision"] >= 0.82
    assert about.metrics["recall_at_1_percent_false_positives"] >= 0.88


def test_the_model_promises_what_comes_true(about: Manifest) -> None:
    assert about.metrics["brier"] <= 0.32 * about.metrics["brier_of_constant_rate"]
    assert about.metrics["expected_calibration_error"] <= 0.002


def test_the_threshold_holds_in_later_time(about: Manifest) -> None:
    found = about.metrics
    alarms = found["flagged_rate"] * (1 - found["precision_at_threshold"])
    assert alarms / (1 - found["fraud_rate"]) <= 0.002  # The rule is 0.1 % of the year before.
    assert found["recall_at_threshold"] >= 0.6
