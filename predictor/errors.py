"""The errors that this package raises on purpose; anything else is a defect."""

TRAINING_EXTRA = "pip install -r predictor/requirements-train.txt"
"""What to do where a package is missing that training needs and serving does not."""

RAY_EXTRA = "pip install -r predictor/requirements-ray.txt"
"""Likewise for Ray."""


class PredictorError(Exception):
    """An error whose text is meant for the person who runs the command."""


class ModelError(PredictorError):
    """A model directory that cannot be used. Names the file and the rule."""


class DataError(PredictorError):
    """Training data that cannot be used. Names the file, the line if any, and the rule."""


class ListenError(PredictorError):
    """An address that cannot be listened on."""


class TLSError(PredictorError):
    """A certificate or a key that cannot be used. Names the flag."""


class RequestError(Exception):
    """A request that breaks the contract; its text goes back to the caller."""


class UnsupportedError(Exception):
    """A request that this model cannot answer; its text goes back to the caller."""


class TracingError(PredictorError):
    """Traces are asked for and cannot be made."""


class RayError(PredictorError):
    """Ray is asked for, and is not there or has failed."""
