"""The model that every peer serves: rows of facts in, probabilities out."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from predictor import model
from predictor.features import SEED_FACTS

Row = Sequence[float]
"""The facts of one transaction, in the order of SEED_FACTS: peers are told no others."""


class Scorer:
    """The model that is measured, loaded from the directory that MODEL names."""

    def __init__(self) -> None:
        self._model = model.load(model.resolve(Path(os.environ["MODEL"])))
        if unknown := set(self._model.facts) - set(SEED_FACTS):
            raise ValueError(f"the model needs facts that peers are not told: {unknown}")
        self.threshold: float = self._model.manifest.threshold

    def many(self, rows: Sequence[Row] | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the probability (0 to 1) of each row. Raises ValueError for a bad one."""
        table = np.asarray(rows, dtype=np.float64)
        found = self._model.predict({name: table[:, i] for i, name in enumerate(SEED_FACTS)})
        if found.errors:
            raise ValueError(str(found.errors))
        return found.probabilities

    def one(self, row: Row) -> float:
        """Return the probability of a single row. Raises ValueError if it is bad."""
        return float(self.many([row])[0])
