"""Made-up columns, well and badly formed, against the server that users start.

What must come of a request is worked out beside it: from the contract's own message
class, the rules of facts written out once more, and the model in this process.
"""

import math
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import grpc
import numpy as np
import pytest
from fraud_detection import fraud_detection_pb2 as pb
from google.protobuf.message import DecodeError

from predictor.features import FACTS, Column
from predictor.handlers import SERVICE
from predictor.model import Model
from predictor.servicer import MAX_ROWS

from .conftest import Server, random_facts
from .test_servicer import field, varint

CLOSE = 1e-12

Rng = np.random.Generator
Columns = list[tuple[str, Column]]

ODD = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 1e-9, 1e9 + 0.5, 2.0**31, 2.0**53, 2.0**63, 1e15, 1e300),
    *(5e-324, -5e-324, 2.2250738585072009e-308, 2.2250738585072014e-308),
    *(1.7976931348623157e308, -1.7976931348623157e308, math.inf, -math.inf, math.nan, -math.nan),
    *(253_402_300_799.0, 253_402_300_799.9999, 253_402_300_800.0, 1_780_300_800_000.0),
)


def holds(name: str, value: float) -> bool:
    """The rules of the contract, word for word."""
    if not math.isfinite(value):
        return False
    if name == "time":
        return 0 <= value <= 253_402_300_799.999
    if name.startswith("amount"):
        return value > 0
    least = 1 if "transactions" in name else 0
    return value >= least and value == int(value)


# Requests.


def spoilt(rng: Rng, rows: int) -> Columns:
    """Return columns of which some values are odd, or any 64 bits."""
    share = rng.choice([0.0, 0.0, 0.02, 0.3, 1.0])
    found = []
    for name, column in random_facts(rng, rows).items():
        odd = rng.choice(ODD, rows) if rng.random() < 0.7 else np.frombuffer(rng.bytes(8 * rows))
        found.append((name, np.where(rng.random(rows) < share, odd, column)))
    return [found[place] for place in rng.permutation(len(found))]


def encoded(rng: Rng, values: Column) -> bytes:
    """Return a column's values in one of the forms that are legal on the wire."""
    form = rng.choice(["packed", "unpacked", "chunks", "mixed"], p=[0.7, 0.1, 0.1, 0.1])
    if form == "packed":
        return field(2, values.tobytes()) if len(values) or rng.random() < 0.5 else b""
    if form == "unpacked":
        return b"".join(b"\x11" + struct.pack("<d", value) for value in values.tolist())
    cuts = np.sort(rng.integers(0, len(values) + 1, rng.integers(1, 5))).tolist()
    parts = np.split(values, cuts)
    if form == "chunks":
        return b"".join(field(2, part.tobytes()) for part in parts)
    return b"".join(
        field(2, part.tobytes()) if n % 2 else b"".join(b"\x11" + v.tobytes() for v in part)
        for n, part in enumerate(parts)
    )


def message(rng: Rng, rows: int, columns: Columns) -> bytes:
    told = varint(1 << 3) + varint(rows)
    body = [field(2, field(1, name.encode()) + encoded(rng, values)) for name, values in columns]
    body.insert(int(rng.integers(len(body) + 1)), told)
    return b"".join(body)


def well_formed(rng: Rng) -> bytes:
    rows = int(
        rng.choice([0, 1, 2, 3, 17, 100, 900, 1_000, 3_000], p=[0.05, *[0.15] * 5, 0.1, 0.07, 0.03])
    )
    return message(rng, rows, spoilt(rng, rows))


def malformed(rng: Rng) -> bytes:
    """Return a message that breaks the contract in one or two places."""
    rows = int(rng.choice([0, 1, 2, 30]))
    columns = spoilt(rng, rows)
    for _ in range(rng.integers(1, 3)):
        at = int(rng.integers(len(columns)))
        name, values = columns[at]
        fault = rng.integers(7)
        if fault == 0 and len(columns) > 1:
            columns.pop(at)
        elif fault == 1:
            columns.append((name, values))
        elif fault == 2:
            columns[at] = (
                str(rng.choice(["", "colour", "Amount", "amount ", "é\0\n'", "x" * 9_999])),
                values,
            )
        elif fault == 3:
            columns[at] = (name, values[:-1])
        elif fault == 4:
            columns[at] = (name, np.append(values, rng.choice(ODD)))
        elif fault == 5:
            rows = int(rng.choice([0, rows + 1, MAX_ROWS, MAX_ROWS + 1, 2**32 - 1]))
        else:
            columns = columns[:1] * int(rng.integers(0, 4)) or [(name, values)]
    return message(rng, rows, columns)


def garbage(rng: Rng) -> bytes:
    """Return bytes of no meaning, or a message that was damaged on its way."""
    data = bytearray(rng.bytes(int(rng.integers(60))))
    if rng.random() < 0.8:
        data = bytearray(message(rng, 3, spoilt(rng, 3)))
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(len(data))] = rng.integers(256)
        if rng.random() < 0.3:
            data = data[: rng.integers(len(data))]
    return bytes(data)


def long(rng: Rng) -> bytes:
    return message(rng, MAX_ROWS, spoilt(rng, MAX_ROWS))


# What must come of them.


class Expected(NamedTuple):
    complaints: list[str]  # If not empty, one of these must be in the refusal.
    facts: dict[str, Column]  # Otherwise these are what was asked about.
    rows: int


def expected(data: bytes) -> Expected:
    try:
        request = pb.PredictFraudBatchRequest.FromString(data)
    except DecodeError:
        return Expected(["not a valid message"], {}, 0)
    names, rows = [column.name for column in request.columns], request.rows
    complaints = ["rows must be at most 100000"] * (rows > MAX_ROWS)
    for column in request.columns:
        if column.name not in FACTS:
            complaints.append(f"column {column.name[:100]!r} is not known")
        elif names.count(column.name) > 1:
            complaints.append(f"column {column.name} is doubled")
        if len(column.values) != rows:
            wrong = f"column {column.name} has {len(column.values)} values, and rows is {rows}"
            complaints.append(wrong)
    if rows or names:
        complaints += [f"column {name} is missing" for name in FACTS if name not in names]
    return Expected(complaints, {c.name: np.array(c.values) for c in request.columns}, rows)


def check_errors(errors: dict[int, str], facts: dict[str, Column], rows: int) -> None:
    broken: dict[int, list[str]] = {}
    for name in FACTS:
        for row, value in enumerate(facts[name].tolist() if rows else ()):
            if not holds(name, value):
                broken.setdefault(row, []).append(name)
    assert {
        row: [part.split()[0] for part in text.split("; ")] for row, text in errors.items()
    } == broken


def check_prediction(reply: pb.PredictFraudBatchResponse, told: Expected, loaded: Model) -> None:
    errors = {error.row: error.message for error in reply.errors}
    assert len(errors) == len(reply.errors)
    assert list(errors) == sorted(errors)
    check_errors(errors, told.facts, told.rows)
    probabilities = np.array(reply.fraud_probabilities)
    labels = np.array(reply.predicted_labels, dtype=np.bool_)
    assert len(probabilities) == len(labels) == told.rows
    assert reply.model_version == loaded.manifest.version
    good = np.array([row not in errors for row in range(told.rows)], dtype=np.bool_)
    assert not probabilities[~good].any()
    assert not labels[~good].any()
    if not good.any():
        return
    # The good rows by themselves, in the opposite order, and a few of them alone.
    alone = {name: told.facts[name][good][::-1] for name in FACTS}
    found = loaded.predict(alone).probabilities[::-1]
    np.testing.assert_allclose(probabilities[good], found, rtol=0, atol=CLOSE)
    apart = np.abs(found - loaded.manifest.threshold) > CLOSE
    np.testing.assert_array_equal(labels[good][apart], (found >= loaded.manifest.threshold)[apart])
    for row in np.flatnonzero(good)[:: max(1, int(good.sum()) // 3)].tolist():
        one = {name: told.facts[name][row : row + 1] for name in FACTS}
        assert abs(loaded.predict(one).probabilities[0] - probabilities[row]) <= CLOSE


def check_explanation(reply: pb.ExplainFraudBatchResponse, told: Expected, loaded: Model) -> None:
    errors = {error.row: error.message for error in reply.errors}
    check_errors(errors, told.facts, told.rows)
    parts = np.array([part.log_odds for part in reply.contributions])
    values = np.array([part.values for part in reply.contributions])
    assert parts.shape == values.shape == (len(loaded.extractor.reasons), told.rows)
    good = [row for row in range(told.rows) if row not in errors]
    bad = list(errors)
    assert not parts[:, bad].any()
    assert not values[:, bad].any()
    if good:
        one = {name: told.facts[name][good] for name in FACTS}
        raw = reply.baseline + parts[:, good].sum(axis=0)
        np.testing.assert_allclose(raw, loaded.raw_scores(one), rtol=0, atol=1e-9)


@pytest.fixture(scope="module")
def channel(server: Server) -> Iterator[grpc.Channel]:
    options = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(server.address, options) as channel:
        yield channel


Make = Callable[[Rng], bytes]


@pytest.mark.parametrize(
    ("make", "count", "explain"),
    [(well_formed, 150, 30), (malformed, 200, 40), (garbage, 250, 60), (long, 2, 0)],
)
def test_every_request_is_refused_by_name_or_answered_row_by_row(
    server: Server, channel: grpc.Channel, loaded: Model, make: Make, count: int, explain: int
) -> None:
    requests = [make(np.random.default_rng(seed)) for seed in range(count)]

    def ask(name: str, data: bytes) -> bytes | grpc.RpcError:
        call = channel.unary_unary(
            f"/{SERVICE}/{name}", request_serializer=bytes, response_deserializer=bytes
        )
        try:
            return bytes(call(data))
        except grpc.RpcError as err:
            return err

    answered = 0
    with ThreadPoolExecutor(4) as pool:  # Side by side, so that answers could be swapped.
        predicted = pool.map(lambda data: ask("PredictFraudBatch", data), requests)
        explained = pool.map(lambda data: ask("ExplainFraudBatch", data), requests[:explain])
        for name, replies in (("predict", predicted), ("explain", explained)):
            for seed, (data, reply) in enumerate(zip(requests, replies, strict=False)):
                told = expected(data)
                if isinstance(reply, grpc.RpcError):
                    assert reply.code() == grpc.StatusCode.INVALID_ARGUMENT, (seed, reply)
                    details = reply.details() or ""
                    assert any(text in details for text in told.complaints), (seed, details)
                    continue
                assert not told.complaints, (seed, told.complaints)
                answered += 1
                if name == "predict":
                    check_prediction(pb.PredictFraudBatchResponse.FromString(reply), told, loaded)
                else:
                    check_explanation(pb.ExplainFraudBatchResponse.FromString(reply), told, loaded)
    assert server.process.poll() is None
    assert answered > 0 if make is not malformed else answered < count
