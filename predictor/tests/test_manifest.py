import copy
import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from predictor import manifest
from predictor.calibration import Calibration
from predictor.errors import ModelError
from predictor.manifest import FORMAT, Manifest, Training
from predictor.metrics import Bin

FEATURES = ("log_amount", "hour")
LINE = Calibration(0.5, -1.25)
MARK = manifest.fingerprint("a" * 64, FEATURES, LINE, 0.25)

ABOUT = Manifest(
    version=f"test-{MARK}",
    engine="lightgbm",
    sha256="a" * 64,
    features=FEATURES,
    facts=("amount", "time"),
    calibration=LINE,
    threshold=0.25,
    threshold_rule="because",
    metrics={"brier": 0.1 + 0.2, "brier.low": 0.0, "brier.high": 0.5},
    bins=(Bin(0.0, 0.1, 3.0, 0.05, 1 / 3), Bin(0.1, 0.2, 0.0, 0.0, 0.0)),
    training=Training(
        rows=70,
        seed=1,
        from_time=0.5,
        to_time=1.7e9,
        calibrate_from=1.6e9,
        test_from=1.8e9,
        data_rows=100,
        data_sha256="b" * 64,
        accounts_sha256="",
    ),
    trained_at="2026-01-31T00:00:00+00:00",
)

CONTENT: dict[str, Any] = json.loads(manifest.dump(ABOUT))

Place = tuple[str | int, ...]


def places(content: Any, prefix: Place = ()) -> Iterator[Place]:  # noqa: ANN401
    """Yield where each value lies, however deep."""
    inner = content.items() if isinstance(content, dict) else enumerate(content)
    for name, value in inner:
        yield (*prefix, name)
        if isinstance(value, (dict, list)):
            yield from places(value, (*prefix, name))


def spelled(place: Place) -> str:
    """Return the name that a complaint has for it."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


def at(content: Any, place: Place) -> Any:  # noqa: ANN401
    for part in place:
        content = content[part]
    return content


def put(place: Place, value: object) -> dict[str, Any]:
    changed = copy.deepcopy(CONTENT)
    at(changed, place[:-1])[place[-1]] = value
    return changed


def refusal(folder: Path, content: object) -> str:
    path = folder / "manifest.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(ModelError) as raised:
        manifest.load(path)
    assert str(raised.value).startswith(f"{path}: ")
    return str(raised.value).removeprefix(f"{path}: ")


EVERY = list(places(CONTENT))
OPEN = (("metrics",), ("features",), ("facts",), ("bins",))
"""Where anything may be left out."""


def test_what_is_written_reads_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(manifest.dump(ABOUT))
    assert manifest.load(path) == ABOUT
    assert manifest.dump(manifest.load(path)) == manifest.dump(ABOUT)
    assert CONTENT["format"] == FORMAT == 2


@pytest.mark.parametrize("place", EVERY, ids=spelled)
def test_a_field_that_is_missing_is_named(tmp_path: Path, place: Place) -> None:
    if place[:-1] in OPEN:
        return
    content = copy.deepcopy(CONTENT)
    del at(content, place[:-1])[place[-1]]
    assert f"{spelled(place)} must be" in refusal(tmp_path, content)


OTHERS: tuple[object, ...] = (None, True, "text?", 1.5, [], {}, [[]], {"x": []}, 10**400)


@pytest.mark.parametrize("place", EVERY, ids=spelled)
def test_a_value_of_another_type_is_refused_by_name(tmp_path: Path, place: Place) -> None:
    before = at(CONTENT, place)
    for value in OTHERS:
        fits = type(value) is type(before) or (type(before), value) == (int, 10**400)
        if not fits or place == ("format",):
            complaint = refusal(tmp_path, put(place, value))
            assert complaint.startswith(spelled(place)), (value, complaint)


@pytest.mark.parametrize(
    ("place", "value", "rule"),
    [
        (("format",), 1, "format must be 2; "),
        (("format",), 3, "format must be 2"),
        (("format",), "2", "format must be 2"),
        (("version",), "a b", "version must be text like"),
        (("version",), "", "version must be text like"),
        (("version",), "../up", "version must be text like"),
        (("version",), f"{'x' * 120}-{MARK}", "version must be text like"),
        (("version",), f"other-{MARK}\n", "version must be text like"),
        (("version",), "other-00000000", f"version must end in -{MARK}"),
        (("engine",), "pickle", "engine must be one of lightgbm, onnx, not 'pickle'"),
        (("sha256",), "ab", "sha256 must be text like"),
        (("sha256",), "A" * 64, "sha256 must be text like"),
        (("sha256",), "c" * 64, "version must end in -"),
        (("features",), "hour", "features must be a list"),
        (("features",), ["hour", "log_amount"], "version must end in -"),
        (("features", 0), 7, "features[0] must be text"),
        (("facts", 1), None, "facts[1] must be text"),
        (("calibration", "slope"), 0, "calibration.slope must be above 0"),
        (("calibration", "slope"), -1.0, "calibration.slope must be above 0"),
        (("calibration", "slope"), 0.75, "version must end in -"),
        (("calibration", "intercept"), "1", "calibration.intercept must be a finite number"),
        (("calibration", "method"), "isotonic", "calibration.method is not a field"),
        (("threshold",), 1.5, "threshold must be above 0 and below 1, not 1.5"),
        (("threshold",), 0, "threshold must be above 0 and below 1"),
        (("threshold",), 1, "threshold must be above 0 and below 1"),
        (("threshold",), 0.123, "version must end in -"),
        (("metrics", "roc_auc"), "high", "metrics.roc_auc must be a finite number"),
        (("bins", 0, "rows"), True, "bins[0].rows must be a finite number"),
        (("bins", 1, "colour"), 1, "bins[1].colour is not a field"),
        (("training", "rows"), -1, "training.rows must be at least 0"),
        (("training", "rows"), 7.0, "training.rows must be a whole number"),
        (("training", "data_sha256"), "", "training.data_sha256 must be text like"),
        (("training", "accounts_sha256"), "?", "training.accounts_sha256 must be text like"),
        (("training", "luck"), 1, "training.luck is not a field"),
        (("trained_at",), "yesterday", "trained_at must be a moment like"),
        (("trained_at",), "2026-01-01T00:00:00", "trained_at must be a moment like"),
        (("colour",), "red", "colour is not a field"),
    ],
)
def test_a_manifest_that_breaks_a_rule_is_refused_by_name(
    tmp_path: Path, place: Place, value: object, rule: str
) -> None:
    assert refusal(tmp_path, put(place, value)).startswith(rule)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "cannot be read as JSON"),
        ("[]", "the content must be an object"),
        ("7", "the content must be an object"),
        ("null", "the content must be an object"),
        ("{}", "format must be 2"),
        ('{"format": 2}', "version must be text"),
        (json.dumps(CONTENT).replace("0.25", "NaN"), "threshold must be a finite number"),
        (json.dumps(CONTENT).replace("-1.25", "-1e999"), "calibration.intercept must be a finite"),
        (json.dumps(CONTENT).replace("-1.25", "9" * 5_000), "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
        ("\ud800".encode("utf-16", "surrogatepass").decode("latin-1"), "cannot be read as JSON"),
    ],
    ids=range(11),
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str, rule: str) -> None:
    assert rule in refusal(tmp_path, text)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(b"\xff\xfe" * 40)
    with pytest.raises(ModelError, match=r"manifest\.json: cannot be read as JSON"):
        manifest.load(path)
    with pytest.raises(ModelError, match=r"nothing\.json: is missing"):
        manifest.load(tmp_path / "nothing.json")
    with pytest.raises(ModelError, match="cannot be read as JSON"):
        manifest.load(tmp_path)


def test_a_version_changes_whenever_scores_or_labels_may() -> None:
    marks = {
        manifest.fingerprint("a", ["x", "y"], Calibration(1.0, 0.0), 0.5),
        manifest.fingerprint("b", ["x", "y"], Calibration(1.0, 0.0), 0.5),
        manifest.fingerprint("a", ["y", "x"], Calibration(1.0, 0.0), 0.5),
        manifest.fingerprint("a", ["xy"], Calibration(1.0, 0.0), 0.5),
        manifest.fingerprint("a", ["x", "y"], Calibration(1.1, 0.0), 0.5),
        manifest.fingerprint("a", ["x", "y"], Calibration(1.0, 0.1), 0.5),
        manifest.fingerprint("a", ["x", "y"], Calibration(1.0, 0.0), 0.6),
    }
    assert len(marks) == 7


def test_a_version_stays_whatever_else_is_told(tmp_path: Path) -> None:
    told = dataclasses.replace(ABOUT, trained_at="1999-01-01T00:00:00Z", metrics={}, bins=())
    path = tmp_path / "manifest.json"
    path.write_text(manifest.dump(told))
    assert manifest.load(path) == told
    assert manifest.fingerprint("a" * 64, list(FEATURES), LINE, 0.25) == MARK


def test_the_moment_of_training_has_its_time_zone() -> None:
    told = dataclasses.replace(ABOUT, trained_at="2026-01-31T02:00:00+02:00")
    assert told.trained() == dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
