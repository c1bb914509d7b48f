"""Damaged files and messages, read in this process: sound content, or a refusal by name."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from fraud_detection import fraud_detection_pb2 as pb
from google.protobuf.message import DecodeError

from predictor import golden, manifest, wire
from predictor.errors import ModelError, RequestError
from predictor.features import Extractor
from predictor.model import Model

from .test_fuzz import Rng, garbage, malformed, well_formed
from .test_manifest import CONTENT, places, put
from .test_servicer import field

T = TypeVar("T")

TOKENS = (
    *(b"", b"\0", b"\xff", b"\xef\xbb\xbf", b"NaN", b"Infinity", b"-1", b"1e999", b"1e-999"),
    *(b"null", b"true", b"{}", b"[]", b'"', b",", b"\n", b"\r", b"[" * 3_000, b"9" * 5_000),
)
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**53 + 1, 10**400, 0.5, -0.0, 1e308, math.nan, math.inf, "", "é\0"),
    *("9" * 99, [], [None], {}, {"": 0}, {"a": math.nan}, [[0.5]]),
)


def damaged(rng: Rng, data: bytes) -> bytes:
    """Return a file's bytes with one to three pieces of it replaced, or its end missing."""
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(data) + 1))
        until = at + int(rng.choice([0, 1, 2, 9, 60]))
        token = TOKENS[rng.integers(len(TOKENS))] if rng.random() < 0.8 else rng.bytes(3)
        data = data[:at] + token + data[until:]
    return data[: rng.integers(len(data) + 1)] if rng.random() < 0.1 else data


def manifests() -> Iterator[bytes]:
    """Return any value in any place, and damaged text."""
    for place in places(CONTENT):
        for value in VALUES:
            yield json.dumps(put(place, value)).encode()
    for seed in range(400):
        yield damaged(np.random.default_rng(seed), json.dumps(CONTENT).encode())


def fractions(content: Any) -> Iterator[float]:  # noqa: ANN401
    if isinstance(content, (dict, list)):
        for part in content.values() if isinstance(content, dict) else content:
            yield from fractions(part)
    elif isinstance(content, float):
        yield content


def found_or_refused(read: Callable[[], T]) -> T | str:
    """Return what is read, or the text of the refusal; any other error is a defect."""
    try:
        return read()
    except ModelError as err:
        return str(err)


def test_a_damaged_manifest_is_sound_or_refused_by_name(tmp_path: Path) -> None:
    path, again = tmp_path / "manifest.json", tmp_path / "again.json"
    read = 0
    for data in manifests():
        path.write_bytes(data)
        found = found_or_refused(lambda: manifest.load(path))
        if isinstance(found, str):
            assert found.startswith(f"{path}: "), data
            continue
        read += 1
        assert 0 < found.threshold < 1
        assert found.calibration.slope > 0
        text = manifest.dump(found)
        assert all(math.isfinite(number) for number in fractions(json.loads(text))), data
        again.write_text(text, encoding="utf-8")
        assert manifest.load(again) == found
    assert read > 0


def test_damaged_golden_rows_are_sound_or_refused_by_name(
    loaded: Model, directory: Path, tmp_path: Path
) -> None:
    path = tmp_path / "golden.csv"
    whole = (directory / "golden.csv").read_bytes()
    extractor = Extractor(loaded.manifest.features)
    read = 0
    for seed in range(500):
        data = damaged(np.random.default_rng(seed), whole)
        path.write_bytes(data)
        found = found_or_refused(lambda: golden.load(path, extractor))
        if isinstance(found, str):
            assert found.startswith(f"{path}"), seed
            continue
        read += 1
        facts, expected = found
        assert len(expected) >= golden.MIN_ROWS
        assert tuple(facts) == extractor.facts
        assert all(np.isfinite(column).all() for column in facts.values()), seed
        assert not extractor.row_errors(facts)
        # What is no probability can be no promise: the model never gives it.
        if not ((expected >= 0) & (expected <= 1)).all():
            with pytest.raises(ModelError):
                golden.check(path, expected, loaded.predict(facts).probabilities, 1e-9)
    assert read > 0


def two_forms(rng: Rng) -> bytes:
    """Return a column that is whole in packed form, with or without values beside it."""
    beside = b"".join(b"\x11" + rng.bytes(8) for _ in range(rng.integers(3)))
    column = field(1, b"amount") + field(2, rng.bytes(16))
    return field(2, column + beside if rng.random() < 0.5 else beside + column) + b"\x08\x02"


@pytest.mark.parametrize("make", [well_formed, malformed, garbage, two_forms])
def test_columns_on_the_wire_are_those_of_the_contract(make: Any) -> None:  # noqa: ANN401
    for seed in range(400 if make is garbage else 100):
        data = make(np.random.default_rng(10_000 + seed))
        try:
            told = pb.PredictFraudBatchRequest.FromString(data)
        except DecodeError:
            with pytest.raises(RequestError):
                wire.read_batch(data)
            continue
        rows, columns = wire.read_batch(data)
        assert rows == told.rows
        assert [name for name, _ in columns] == [column.name for column in told.columns]
        for (_, values), column in zip(columns, told.columns, strict=True):
            assert values.tobytes() == np.array(column.values, dtype=np.float64).tobytes(), seed
