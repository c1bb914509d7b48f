"""manifest.json: what a model directory says of itself, and the rules it must hold to."""

import datetime as dt
import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from predictor.calibration import Calibration
from predictor.errors import ModelError
from predictor.features import FACTS, FEATURE_NAMES

FORMAT = 1
"""Of the model directory. Another number is refused."""

NAME = re.compile(r"[A-Za-z0-9._:-]{1,128}")
"""What a version, and a name in `active`, may look like."""


@dataclass(frozen=True)
class Training:
    """What a model was trained on. Times are seconds since 1970."""

    rows: int
    seed: int
    from_time: float
    to_time: float  # Of the last row that was trained on.
    calibrate_from: float
    test_from: float
    data_rows: int
    data_sha256: str
    accounts_sha256: str


@dataclass(frozen=True)
class Manifest:
    """The content of manifest.json, checked."""

    version: str
    sha256: str  # Of model.txt.
    facts: tuple[str, ...]
    features: tuple[str, ...]
    calibration: Calibration
    threshold: float
    metrics: Mapping[str, float]
    training: Training
    trained_at: str

    def trained(self) -> dt.datetime:
        """Return the moment of training, with its time zone."""
        return dt.datetime.fromisoformat(self.trained_at)


def fingerprint(
    sha256: str, features: Sequence[str], calibration: Calibration, threshold: float
) -> str:
    """Return eight hex digits that change whenever scores or labels may."""
    parts = [FORMAT, sha256, list(features), asdict(calibration), threshold]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:8]


def dump(manifest: Manifest) -> str:
    """Return the text of manifest.json: the same manifest, the same bytes."""
    content = {"format": FORMAT, **asdict(manifest)}
    content["calibration"] = {"method": "platt", **asdict(manifest.calibration)}
    return json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n"


def load(path: Path) -> Manifest:
    """Read and check manifest.json. Raises ModelError that names the file and the rule."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as err:
        raise ModelError(f"{path}: is missing") from err
    except (OSError, ValueError, RecursionError) as err:
        raise ModelError(f"{path}: cannot be read as JSON: {err}") from err
    fields = _Fields(path, content)
    found = fields.integer("format")
    if found != FORMAT:
        raise ModelError(f"{path}: format must be {FORMAT}, not {found}")
    manifest = Manifest(
        version=fields.text("version", NAME),
        sha256=fields.text("sha256", _SHA256),
        facts=fields.names("facts", FACTS),
        features=fields.names("features", FEATURE_NAMES),
        calibration=_calibration(fields.inner("calibration")),
        threshold=fields.number("threshold", lambda x: 0.0 < x < 1.0, "above 0 and below 1"),
        metrics=fields.inner("metrics").numbers(),
        training=_training(fields.inner("training")),
        trained_at=fields.moment("trained_at"),
    )
    _check_version(path, manifest)
    return manifest


_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA256_OR_NONE = re.compile(r"([0-9a-f]{64})?")


class _Fields:
    """The fields of one JSON object, each read under a rule."""

    def __init__(self, path: Path, content: object, prefix: str = "") -> None:
        self._path, self._prefix = path, prefix
        if not isinstance(content, dict):
            raise ModelError(f"{path}: {prefix.rstrip('.') or 'the content'} must be an object")
        self._content = content

    def _refuse(self, name: str, rule: str) -> ModelError:
        return ModelError(f"{self._path}: {self._prefix}{name} must be {rule}")

    def inner(self, name: str) -> "_Fields":
        return _Fields(self._path, self._content.get(name), f"{self._prefix}{name}.")

    def text(self, name: str, pattern: re.Pattern[str]) -> str:
        value = self._content.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self._refuse(name, f"text like {pattern.pattern}")
        return value

    def integer(self, name: str) -> int:
        value = self._content.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._refuse(name, "a whole number, at least 0")
        return value

    def number(
        self,
        name: str,
        holds: Callable[[float], bool] = lambda _: True,
        rule: str = "a finite number",
    ) -> float:
        value = self._content.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._refuse(name, rule)
        if not math.isfinite(value) or not holds(value):
            raise self._refuse(name, rule)
        return float(value)

    def numbers(self) -> dict[str, float]:
        return {str(name): self.number(name) for name in self._content}

    def names(self, name: str, known: Sequence[str]) -> tuple[str, ...]:
        value = self._content.get(name)
        if not isinstance(value, list):
            raise self._refuse(name, "a list of names")
        for entry in value:
            if entry not in known:
                raise self._refuse(name, f"names this server knows, and {entry!r} is not")
        if tuple(value) != tuple(known):
            raise self._refuse(name, f"exactly {', '.join(known)}")
        return tuple(value)

    def moment(self, name: str) -> str:
        value = self._content.get(name)
        try:
            moment = dt.datetime.fromisoformat(value if isinstance(value, str) else "")
        except ValueError as err:
            raise self._refuse(name, "a moment like 2026-01-31T00:00:00+00:00") from err
        if moment.tzinfo is None:
            raise self._refuse(name, "a moment with its time zone")
        return str(value)


def _calibration(fields: _Fields) -> Calibration:
    fields.text("method", re.compile("platt"))
    return Calibration(
        slope=fields.number("slope", lambda x: x > 0, "finite and above 0"),
        intercept=fields.number("intercept"),
    )


def _training(fields: _Fields) -> Training:
    return Training(
        rows=fields.integer("rows"),
        seed=fields.integer("seed"),
        from_time=fields.number("from_time"),
        to_time=fields.number("to_time"),
        calibrate_from=fields.number("calibrate_from"),
        test_from=fields.number("test_from"),
        data_rows=fields.integer("data_rows"),
        data_sha256=fields.text("data_sha256", _SHA256),
        accounts_sha256=fields.text("accounts_sha256", _SHA256_OR_NONE),
    )


def _check_version(path: Path, manifest: Manifest) -> None:
    expected = fingerprint(
        manifest.sha256, manifest.features, manifest.calibration, manifest.threshold
    )
    if not manifest.version.endswith(f"-{expected}"):
        raise ModelError(
            f"{path}: version must end in -{expected}, the fingerprint of what decides scores"
        )
