import struct
from pathlib import Path

import pytest
from fraud_detection import fraud_detection_pb2 as pb

from predictor import model, wire
from predictor.errors import RequestError, UnsupportedError
from predictor.features import FACTS, REASONS, SEED_FACTS
from predictor.model import Model
from predictor.servicer import MAX_ROWS, Servicer, read_facts

from .conftest import COLUMNS, FOUR, arrays, batch, explained, single


@pytest.fixture(scope="module")
def servicer(loaded: Model) -> Servicer:
    return Servicer(loaded)


@pytest.fixture(scope="module")
def seed(four: Path) -> Servicer:
    """Serves a model that needs the four facts of PredictFraud alone."""
    return Servicer(model.load(model.resolve(four)))


def predicted(servicer: Servicer, data: bytes) -> pb.PredictFraudBatchResponse:
    return pb.PredictFraudBatchResponse.FromString(servicer.predict_batch(data))


def test_a_batch_equals_its_rows_one_by_one(seed: Servicer) -> None:
    reply = predicted(seed, batch(FOUR).SerializeToString())
    assert len(reply.fraud_probabilities) == len(reply.predicted_labels) == 4
    for row in range(4):
        alone = seed.predict(single(row))
        assert alone.transaction_id == row + 1
        assert abs(alone.fraud_probability - reply.fraud_probabilities[row]) <= 1e-12
        assert alone.predicted_label == reply.predicted_labels[row]
    assert reply.predicted_labels[1]
    assert not reply.predicted_labels[0]


def test_a_batch_is_what_the_model_answers(servicer: Servicer, loaded: Model) -> None:
    reply = predicted(servicer, batch(COLUMNS).SerializeToString())
    expected = loaded.predict(arrays(COLUMNS))
    assert list(reply.fraud_probabilities) == expected.probabilities.tolist()
    assert list(reply.predicted_labels) == expected.labels.tolist()
    assert not reply.errors


def test_one_transaction_cannot_be_scored_by_a_model_of_more_facts(servicer: Servicer) -> None:
    with pytest.raises(UnsupportedError) as raised:
        servicer.predict(single(0))
    assert str(raised.value) == (
        "this model needs seconds_since_previous, amount_last_hour, amount_last_day,"
        " amount_last_week, transactions_last_week: use PredictFraudBatch"
    )


def test_a_reply_names_the_model_and_its_threshold(servicer: Servicer, loaded: Model) -> None:
    reply = predicted(servicer, batch(COLUMNS).SerializeToString())
    assert reply.model_version == loaded.manifest.version
    assert reply.threshold == loaded.manifest.threshold


def test_an_explanation_adds_up(servicer: Servicer, loaded: Model) -> None:
    request = explained(batch(COLUMNS)).SerializeToString()
    reply = pb.ExplainFraudBatchResponse.FromString(servicer.explain_batch(request))
    assert reply.model_version == loaded.manifest.version
    assert [part.code for part in reply.contributions] == list(REASONS)
    raw = loaded.raw_scores(arrays(COLUMNS))
    for row in range(4):
        total = reply.baseline + sum(part.log_odds[row] for part in reply.contributions)
        assert total == pytest.approx(raw[row], abs=1e-9)
    for part in reply.contributions:
        assert part.text == REASONS[part.code].text
    assert list(reply.contributions[0].values) == COLUMNS["amount"]


def test_the_model_describes_itself(servicer: Servicer, loaded: Model) -> None:
    reply = servicer.get_model(pb.GetModelRequest())
    about = loaded.manifest
    assert reply.version == about.version
    assert list(reply.facts) == list(FACTS)
    assert reply.threshold == about.threshold
    assert dict(reply.metrics) == dict(about.metrics)
    assert reply.training_rows == about.training.rows > 0
    assert reply.trained_at.ToDatetime(about.trained().tzinfo) == about.trained()
    assert list(reply.capabilities) == [
        pb.CAPABILITY_PREDICT_BATCH,
        pb.CAPABILITY_EXPLAIN_BATCH,
    ]
    assert reply.refused_replacement == ""
    assert len(reply.calibration) == 10
    for mine, told in zip(reply.calibration, about.bins, strict=True):
        assert (getattr(mine, "from"), mine.to) == (told.start, told.end)
        assert mine.rows == told.rows
        assert (mine.mean_fraud_probability, mine.fraud_rate) == (told.promised, told.seen)


def test_a_model_says_which_facts_it_needs(seed: Servicer) -> None:
    assert list(seed.get_model(pb.GetModelRequest()).facts) == list(SEED_FACTS)
    with pytest.raises(RequestError, match="'seconds_since_previous' is not known; this model"):
        seed.predict_batch(batch(COLUMNS).SerializeToString())


@pytest.mark.parametrize("columns", [{}, {name: [] for name in FACTS}])
def test_no_rows_are_answered_with_none(
    servicer: Servicer, columns: dict[str, list[float]]
) -> None:
    data = batch(columns, rows=0).SerializeToString()
    assert not predicted(servicer, data).fraud_probabilities
    reply = pb.ExplainFraudBatchResponse.FromString(servicer.explain_batch(data))
    assert reply.baseline != 0
    assert [len(part.log_odds) for part in reply.contributions] == [0] * len(REASONS)


def test_as_many_rows_as_are_allowed_are_answered(servicer: Servicer) -> None:
    columns = {name: values[:1] * MAX_ROWS for name, values in COLUMNS.items()}
    reply = predicted(servicer, batch(columns).SerializeToString())
    assert len(reply.fraud_probabilities) == MAX_ROWS
    assert len(set(reply.fraud_probabilities)) == 1


def test_bad_rows_have_errors_and_harm_no_other(servicer: Servicer) -> None:
    nan, amount = float("nan"), "amount must be finite and above 0"
    columns = {**COLUMNS, "amount": [12.5, nan, 0.8, -1.0], "age_of_account": [9e7, 0.5, 7200.0, 0]}
    reply = predicted(servicer, batch(columns).SerializeToString())
    expected = predicted(servicer, batch(COLUMNS).SerializeToString())
    assert [(error.row, error.message) for error in reply.errors] == [
        (1, f"{amount}; age_of_account must be a whole number of seconds, at least 0"),
        (3, amount),
    ]
    assert list(reply.fraud_probabilities)[::2] == list(expected.fraud_probabilities)[::2]
    assert list(reply.fraud_probabilities)[1::2] == [0.0, 0.0]
    assert list(reply.predicted_labels)[1::2] == [False, False]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (pb.PredictionRequest(), "amount must be finite and above 0"),
        (pb.PredictionRequest(amount=1, time=-1, number_of_transactions=1), "time must be"),
        (pb.PredictionRequest(amount=1, age_of_account=-1), "age_of_account must be"),
        (pb.PredictionRequest(amount=1), "number_of_transactions must be a whole number"),
    ],
)
def test_a_bad_transaction_is_refused(
    seed: Servicer, request_: pb.PredictionRequest, message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        seed.predict(request_)


def test_columns_come_in_any_order(servicer: Servicer) -> None:
    turned = dict(reversed(COLUMNS.items()))
    assert predicted(servicer, batch(turned).SerializeToString()) == predicted(
        servicer, batch(COLUMNS).SerializeToString()
    )


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def encoded(values: list[float], form: str) -> bytes:
    doubles = [struct.pack("<d", value) for value in values]
    if form == "unpacked":
        return b"".join(varint(2 << 3 | 1) + double for double in doubles)
    if form == "chunks":
        return field(2, b"".join(doubles[:1])) + field(2, b"".join(doubles[1:]))
    if form == "mixed":
        return field(2, doubles[0]) + encoded(values[1:], "unpacked")
    if form == "empty chunks":
        return field(2, b"") + field(2, b"".join(doubles)) + field(2, b"")
    return field(2, b"".join(doubles))


@pytest.mark.parametrize("form", ["packed", "unpacked", "chunks", "mixed", "empty chunks"])
def test_every_legal_encoding_of_doubles_reads_the_same(form: str) -> None:
    data = varint(1 << 3) + varint(4)
    for name, values in COLUMNS.items():
        data += field(2, field(1, name.encode()) + encoded(values, form))
    rows, columns = wire.read_batch(data)
    assert rows == 4
    assert {name: column.tolist() for name, column in columns} == COLUMNS


def test_a_value_more_than_rows_counts_however_it_is_encoded() -> None:
    data = varint(1 << 3) + varint(4)
    for name, values in COLUMNS.items():
        more = encoded(values, "packed") + encoded([7.0], "unpacked")
        data += field(2, field(1, name.encode()) + more)
    with pytest.raises(RequestError, match="column amount has 5 values, and rows is 4"):
        read_facts(data, FACTS)


def test_a_field_that_is_not_known_is_skipped() -> None:
    later = varint(9 << 3) + varint(5) + field(10, b"new")
    data = later + varint(1 << 3) + varint(4)
    for name, values in COLUMNS.items():
        data += field(2, field(1, name.encode()) + encoded(values, "packed") + later)
    found = read_facts(data, FACTS)
    assert {name: column.tolist() for name, column in found.items()} == COLUMNS


def test_a_name_that_would_fill_a_status_is_shortened() -> None:
    with pytest.raises(RequestError) as raised:
        read_facts(batch({"é" * 1_000_000: []}).SerializeToString(), FACTS)
    assert str(raised.value).startswith(f"column '{'é' * 100}' is not known; this model takes amo")


def test_a_packed_column_is_read_where_it_lies() -> None:
    _, columns = wire.read_batch(batch(COLUMNS).SerializeToString())
    assert not columns[0][1].flags.owndata


@pytest.mark.parametrize("data", [b"\xff", b"\x12\x7f", b"\x12\x05\x0a\x03\xff\xfe\xfd"])
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    with pytest.raises(RequestError, match="not a valid message"):
        read_facts(data, FACTS)


def test_both_batch_requests_have_one_form() -> None:
    """The wire module reads both as one; see there."""
    for name in ("rows", "columns"):
        mine = pb.PredictFraudBatchRequest.DESCRIPTOR.fields_by_name[name]
        other = pb.ExplainFraudBatchRequest.DESCRIPTOR.fields_by_name[name]
        assert (mine.number, mine.type, mine.message_type) == (
            other.number,
            other.type,
            other.message_type,
        )
    assert len(pb.ExplainFraudBatchRequest.DESCRIPTOR.fields) == 2
