"""MLServer: a custom runtime behind the Open Inference Protocol (V2)."""

from common import Scorer
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Fraud(MLModel):
    """Scores batches of transactions."""

    async def load(self) -> bool:
        """Load the model."""
        self._scorer = Scorer()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Score the rows of one tensor."""
        rows = NumpyCodec.decode_input(payload.inputs[0])
        found = NumpyCodec.encode_output("fraud_probability", self._scorer.many(rows))
        return InferenceResponse(model_name=self.name, outputs=[found])
