"""golden.csv: facts with the probabilities that the model must give for them."""

import csv
import io
from pathlib import Path

import numpy as np

from predictor import dataset
from predictor.errors import DataError, ModelError
from predictor.features import FACTS, Column, Extractor, Facts

MIN_ROWS = 20

_PROBABILITY = "fraud_probability"

# In the order of features.FACTS: the corners of what is allowed.
_LARGEST = 2_147_483_647.0
_CORNERS = (
    (0.01, 0.0, 0.0, 1.0, 0.0, 0.01, 0.01, 0.01, 1.0),
    (1.0, 43_200.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0),
    (1e12, 253_402_300_799.0, _LARGEST, _LARGEST, _LARGEST, 1e12, 1e15, 1e15, _LARGEST),
    (2349.99, 1_751_166_720.0, 2e8, 120.0, 720.0, 4075.49, 5904.49, 6001.0, 9.0),
    (0.5, 1_751_200_000.0, 3_600.0, 40.0, 20.0, 80.5, 80.5, 80.5, 40.0),
)


def choose(facts: Facts, probabilities: Column) -> dict[str, Column]:
    """Return 25 rows of facts: 20 spread from the lowest log-odds to the highest, and corners.

    A row may be picked twice. No id travels with them.
    """
    order = np.argsort(probabilities, kind="stable")
    certain = np.minimum(probabilities[order], 1 - 1e-16)
    log_odds = np.log(certain) - np.log1p(-certain)
    wanted = np.linspace(log_odds[0], log_odds[-1], MIN_ROWS)
    picked = order[np.minimum(np.searchsorted(log_odds, wanted), len(order) - 1)]
    corners = np.array(_CORNERS, dtype=np.float64)
    return {name: np.append(facts[name][picked], corners[:, FACTS.index(name)]) for name in facts}


def dump(facts: Facts, probabilities: Column) -> str:
    """Return the text of golden.csv; every number reads back as the same float64."""
    text = io.StringIO(newline="")
    out = csv.writer(text, lineterminator="\n")
    out.writerow([*facts, _PROBABILITY])
    columns = [column.tolist() for column in facts.values()]
    out.writerows(zip(*columns, probabilities.tolist(), strict=True))
    return text.getvalue()


def load(path: Path, extractor: Extractor) -> tuple[dict[str, Column], Column]:
    """Read golden.csv: facts and expected probabilities. Raises ModelError."""
    try:
        content = path.read_bytes()
        facts, expected = dataset.read_facts(path, content, extractor.facts, _PROBABILITY)
    except FileNotFoundError as err:
        raise ModelError(f"{path}: is missing") from err
    except OSError as err:
        raise ModelError(f"{path}: {err.strerror}") from err
    except DataError as err:
        raise ModelError(str(err)) from err
    if len(expected) < MIN_ROWS:
        raise ModelError(f"{path}: must have at least {MIN_ROWS} rows, not {len(expected)}")
    require_sound(path, extractor, facts)
    return facts, expected


def require_sound(path: Path, extractor: Extractor, facts: Facts) -> None:
    """Raise ModelError that names the first row of a file whose facts break a rule."""
    if errors := extractor.row_errors(facts):
        row, text = next(iter(errors.items()))
        raise ModelError(f"{path}: row {row + 1}: {text}")


def check(path: Path, expected: Column, actual: Column, tolerance: float) -> None:
    """Raise ModelError unless every probability is the one expected, within `tolerance`."""
    far = np.flatnonzero(~(np.abs(actual - expected) <= tolerance))
    if len(far):
        row = int(far[0])
        raise ModelError(
            f"{path}: row {row + 1}: fraud_probability must be {float(expected[row])!r},"
            f" and the model gives {float(actual[row])!r}"
        )
