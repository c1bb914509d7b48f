"""The model that every peer serves: rows of facts in, probabilities out."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from predictor import model
from predictor.features import FACTS

Row = Sequence[float]
"""The facts of one transaction, in the order of FACTS."""


class Scorer:
    """The project's own model, loaded from the directory that MODEL names."""

    def __init__(self) -> None:
        self._model = model.load(model.resolve(Path(os.environ["MODEL"])))
        self.threshold: float = self._model.manifest.threshold

    def many(self, rows: Sequence[Row] | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the probability (0 to 1) of each row. Raises ValueError for a bad one."""
        table = np.asarray(rows, dtype=np.float64)
        found = self._model.predict({name: table[:, i] for i, name in enumerate(FACTS)})
        if found.errors:
            raise ValueError(str(found.errors))
        return found.probabilities

    def one(self, row: Row) -> float:
        """Return the probability of a single row. Raises ValueError if it is bad."""
        return float(self.many([row])[0])
