"""Messages to arrays and back: what each RPC answers. No machine learning, no server."""

from collections.abc import Sequence

import numpy as np
from fraud_detection import fraud_detection_pb2 as pb

from predictor import wire
from predictor.answer import Lap, unwatched
from predictor.errors import RequestError, UnsupportedError
from predictor.features import SEED_FACTS, Column, Facts
from predictor.metrics import Bin
from predictor.model import Model

MAX_ROWS = 100_000
"""Of one batch."""

_NAME = 100
"""Characters of a name that an error repeats."""


class Servicer:
    """Answers requests with `model`, which may be exchanged between calls.

    Every method raises RequestError, whose text is for the caller, if the request
    breaks the contract, and UnsupportedError if the model cannot answer it.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.refused = ""  # Why the model that was to replace this one is not here.

    def predict(self, request: pb.PredictionRequest) -> pb.PredictionResponse:
        """Answer PredictFraud: score one transaction."""
        model = self.model
        if others := [name for name in model.facts if name not in SEED_FACTS]:
            raise UnsupportedError(f"this model needs {', '.join(others)}: use PredictFraudBatch")
        facts = {name: np.array([getattr(request, name)], dtype=np.float64) for name in SEED_FACTS}
        found = model.predict(facts)
        if found.errors:
            raise RequestError(found.errors[0])
        return pb.PredictionResponse(
            transaction_id=request.transaction_id,
            predicted_label=bool(found.labels[0]),
            fraud_probability=float(found.probabilities[0]),
        )

    def predict_batch(self, data: bytes, lap: Lap = unwatched) -> bytes:
        """Answer PredictFraudBatch, message for message still on the wire."""
        model = self.model
        about = model.manifest
        facts = read_facts(data, model.facts)
        lap("decode")
        found = model.predict(facts)
        lap("predict")
        reply = wire.write_prediction(about.version, about.threshold, found)
        lap("encode")
        return reply

    def explain_batch(self, data: bytes, lap: Lap = unwatched) -> bytes:
        """Answer ExplainFraudBatch, message for message still on the wire."""
        model = self.model
        facts = read_facts(data, model.facts)
        lap("decode")
        found = model.explain(facts)
        lap("explain")
        reply = wire.write_explanation(model.manifest.version, found)
        lap("encode")
        return reply

    def get_model(self, _: pb.GetModelRequest) -> pb.GetModelResponse:
        """Answer GetModel: describe the model now serving."""
        about = self.model.manifest
        explains = [pb.CAPABILITY_EXPLAIN_BATCH] if self.model.explains else []
        reply = pb.GetModelResponse(
            version=about.version,
            facts=about.facts,
            threshold=about.threshold,
            metrics=dict(about.metrics),
            capabilities=[pb.CAPABILITY_PREDICT_BATCH, *explains],
            training_rows=about.training.rows,
            refused_replacement=self.refused,
            calibration=[_bin(b) for b in about.bins],
        )
        reply.trained_at.FromDatetime(about.trained())
        return reply


def _bin(b: Bin) -> pb.CalibrationBin:
    found = pb.CalibrationBin(to=b.end, rows=int(b.rows))
    found.mean_fraud_probability, found.fraud_rate = b.promised, b.seen
    setattr(found, "from", b.start)  # A keyword of Python.
    return found


def read_facts(data: bytes, names: Sequence[str]) -> Facts:
    """Return the columns of a batch request by name: exactly `names`, equal in length.

    No rows and no columns make an empty batch. Raises RequestError that names the
    column and what is wrong with it.
    """
    rows, columns = wire.read_batch(data)
    if rows > MAX_ROWS:
        raise RequestError(f"rows must be at most {MAX_ROWS}, not {rows}")
    facts: dict[str, Column] = {}
    for name, values in columns:
        if name not in names:
            short = name[:_NAME]  # A status holds 8 KB at most.
            raise RequestError(f"column {short!r} is not known; this model takes {_list(names)}")
        if name in facts:
            raise RequestError(f"column {name} is doubled")
        if len(values) != rows:
            raise RequestError(f"column {name} has {len(values)} values, and rows is {rows}")
        facts[name] = values
    missing = [name for name in names if name not in facts]
    if missing and (rows or columns):
        raise RequestError(f"column {missing[0]} is missing; this model takes {_list(names)}")
    return facts if facts else {name: np.empty(0, dtype=np.float64) for name in names}


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
