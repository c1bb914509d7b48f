"""Messages to arrays and back: what each RPC answers. No machine learning, no server."""

import numpy as np
from fraud_detection import fraud_detection_pb2 as pb

from predictor import wire
from predictor.errors import RequestError
from predictor.features import FACTS, Column, Facts
from predictor.model import Model

MAX_ROWS = 100_000
"""Of one batch."""


class Servicer:
    """Answers requests with `model`, which may be exchanged between calls.

    Every method raises RequestError, whose text is for the caller, if the request
    breaks the contract.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, request: pb.PredictionRequest) -> pb.PredictionResponse:
        """Answer PredictFraud: score one transaction."""
        facts = {name: np.array([getattr(request, name)], dtype=np.float64) for name in FACTS}
        found = self.model.predict(facts)
        if found.errors:
            raise RequestError(found.errors[0])
        return pb.PredictionResponse(
            transaction_id=request.transaction_id,
            predicted_label=bool(found.labels[0]),
            fraud_probability=float(found.probabilities[0]),
        )

    def predict_batch(self, data: bytes) -> bytes:
        """Answer PredictFraudBatch, message for message still on the wire."""
        facts = read_facts(data)
        model = self.model
        about = model.manifest
        return wire.write_prediction(about.version, about.threshold, model.predict(facts))

    def explain_batch(self, data: bytes) -> bytes:
        """Answer ExplainFraudBatch, message for message still on the wire."""
        facts = read_facts(data)
        model = self.model
        return wire.write_explanation(model.manifest.version, model.explain(facts))

    def get_model(self, _: pb.GetModelRequest) -> pb.GetModelResponse:
        """Answer GetModel: describe the model now serving."""
        about = self.model.manifest
        reply = pb.GetModelResponse(
            version=about.version,
            facts=about.facts,
            threshold=about.threshold,
            metrics=dict(about.metrics),
            capabilities=[pb.CAPABILITY_PREDICT_BATCH, pb.CAPABILITY_EXPLAIN_BATCH],
            training_rows=about.training.rows,
        )
        reply.trained_at.FromDatetime(about.trained())
        return reply


def read_facts(data: bytes) -> Facts:
    """Return the columns of a batch request by name: exactly FACTS, equal in length.

    No rows and no columns make an empty batch. Raises RequestError that names the
    column and what is wrong with it.
    """
    rows, columns = wire.read_batch(data)
    if rows > MAX_ROWS:
        raise RequestError(f"rows must be at most {MAX_ROWS}, not {rows}")
    facts: dict[str, Column] = {}
    for name, values in columns:
        if name not in FACTS:
            raise RequestError(f"column {name!r} is not known; this model takes {_NAMES}")
        if name in facts:
            raise RequestError(f"column {name} is doubled")
        if len(values) != rows:
            raise RequestError(f"column {name} has {len(values)} values, and rows is {rows}")
        facts[name] = values
    missing = [name for name in FACTS if name not in facts]
    if missing and (rows or columns):
        raise RequestError(f"column {missing[0]} is missing; this model takes {_NAMES}")
    return facts if facts else {name: np.empty(0, dtype=np.float64) for name in FACTS}


_NAMES = ", ".join(FACTS)
