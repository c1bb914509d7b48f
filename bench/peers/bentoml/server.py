"""BentoML: adaptive batches in each of the service's workers."""

import bentoml
import numpy as np
import numpy.typing as npt
from common import Scorer


@bentoml.service(
    workers=2,
    logging={"access": {"enabled": False}},
    metrics={"enabled": False},
)
class Fraud:
    """Scores batches of transactions."""

    def __init__(self) -> None:
        self._scorer = Scorer()

    @bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=1000)
    def predict(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Score rows of facts."""
        return self._scorer.many(rows)
