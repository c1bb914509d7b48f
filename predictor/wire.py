"""Packed numbers on the wire, read and written as arrays rather than one by one.

On the wire a packed `repeated double` is a length and that many bytes, just as a
`bytes` field is. Here the contract's messages are declared once more with such
fields as `bytes`, derived from the generated code so that they cannot drift apart.
1,024 rows of four columns take 13 µs so, 650 µs through the generated message.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from fraud_detection import fraud_detection_pb2 as pb
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from predictor.errors import RequestError
from predictor.features import Column
from predictor.model import Explanation, Prediction

_PACKED = (
    descriptor_pb2.FieldDescriptorProto.TYPE_DOUBLE,
    descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
)


def _aliases() -> Mapping[str, Any]:
    """Return the messages of the contract with packed doubles and bools as chunks of bytes."""
    file = descriptor_pb2.FileDescriptorProto()
    pb.DESCRIPTOR.CopyToProto(file)
    for message in file.message_type:
        for field in message.field:
            repeated = field.label == descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED
            if repeated and field.type in _PACKED:
                field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    found = pool.FindFileByName(file.name).message_types_by_name
    return {name: message_factory.GetMessageClass(kind) for name, kind in found.items()}


_ALIAS = _aliases()


def read_batch(data: bytes) -> tuple[int, list[tuple[str, Column]]]:
    """Return the number of rows and the columns, as sent, of a batch request.

    PredictFraudBatchRequest and ExplainFraudBatchRequest have one form. An array
    has as many values as were sent, whatever the number of rows. Raises RequestError
    if the bytes are no such message.
    """
    try:
        request = _ALIAS["PredictFraudBatchRequest"].FromString(data)
        size = 8 * request.rows
        if all(_is_chunk(c, size) for c in request.columns):
            return request.rows, [(c.name, _doubles(c.values[0])) for c in request.columns]
        # Unpacked, in several chunks, or of a wrong length: legal, rare and slow.
        plain = pb.PredictFraudBatchRequest.FromString(data)
    except DecodeError as err:
        raise RequestError("the request is not a valid message") from err
    return plain.rows, [(c.name, np.array(c.values, dtype=np.float64)) for c in plain.columns]


def _is_chunk(column: Any, size: int) -> bool:  # noqa: ANN401
    # A double that is not packed is a field that the alias does not know.
    values = column.values
    return len(values) == 1 and len(values[0]) == size and not len(UnknownFieldSet(column))


def _doubles(chunk: bytes) -> Column:
    return np.frombuffer(chunk, dtype="<f8")


def _packed(column: Column) -> list[bytes]:
    return [column.astype("<f8", copy=False).tobytes()] if len(column) else []


def write_prediction(version: str, threshold: float, found: Prediction) -> bytes:
    """Return a PredictFraudBatchResponse."""
    labels = [found.labels.tobytes()] if len(found.labels) else []
    reply = _ALIAS["PredictFraudBatchResponse"](
        model_version=version,
        threshold=threshold,
        fraud_probabilities=_packed(found.probabilities),
        predicted_labels=labels,
        errors=_errors(found.errors),
    )
    data: bytes = reply.SerializeToString()
    return data


def write_explanation(version: str, found: Explanation) -> bytes:
    """Return an ExplainFraudBatchResponse."""
    reply = _ALIAS["ExplainFraudBatchResponse"](
        model_version=version,
        baseline=found.baseline,
        contributions=[
            {
                "code": part.reason.code,
                "text": part.reason.text,
                "log_odds": _packed(part.log_odds),
                "values": _packed(part.values),
            }
            for part in found.contributions
        ],
        errors=_errors(found.errors),
    )
    data: bytes = reply.SerializeToString()
    return data


def _errors(errors: Mapping[int, str]) -> Sequence[dict[str, Any]]:
    return [{"row": row, "message": errors[row]} for row in sorted(errors)]
