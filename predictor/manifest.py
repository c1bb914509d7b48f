"""manifest.json: what a model directory says of itself, and the rules it must hold to."""

import datetime as dt
import hashlib
import json
import re
import sys
import types
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from predictor.calibration import Calibration
from predictor.errors import ModelError
from predictor.metrics import Bin

FORMAT = 2
"""Of the model directory. Another number is refused."""

NAME = re.compile(r"[A-Za-z0-9._:-]{1,128}")
"""What a version, and a name in `active`, may look like."""

ENGINES = {"lightgbm": "model.txt", "onnx": "model.onnx"}
"""What can compute scores, and the file that it reads."""

T = TypeVar("T")


class _Rule(NamedTuple):
    """What a field must hold to, beside its type."""

    text: str
    holds: Callable[[Any], object]


def _like(pattern: str) -> _Rule:
    return _Rule(f"text like {pattern}", re.compile(pattern).fullmatch)


def _is_moment(text: str) -> bool:
    try:
        return dt.datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


@dataclass(frozen=True)
class Training:
    """What a model was trained on. Times are seconds since 1970; 0 where it is not known."""

    rows: Annotated[int, _Rule("at least 0 and below 2^63", lambda x: 0 <= x < 2**63)]
    seed: int
    from_time: float
    to_time: float  # Of the last row that was trained on.
    calibrate_from: float
    test_from: float
    data_rows: int
    data_sha256: Annotated[str, _like(r"[0-9a-f]{64}")]
    accounts_sha256: Annotated[str, _like(r"([0-9a-f]{64})?")]


@dataclass(frozen=True)
class Manifest:
    """The content of manifest.json, checked."""

    version: Annotated[str, _like(NAME.pattern)]
    engine: Annotated[str, _Rule(f"one of {', '.join(ENGINES)}", ENGINES.__contains__)]
    sha256: Annotated[str, _like(r"[0-9a-f]{64}")]  # Of the engine's file.
    features: tuple[str, ...]
    facts: tuple[str, ...]  # Those that the features need.
    calibration: Calibration
    threshold: Annotated[float, _Rule("above 0 and below 1", lambda x: 0 < x < 1)]
    threshold_rule: str
    metrics: dict[str, float]  # On the test part; NAME.low and NAME.high are its interval.
    bins: tuple[Bin, ...]  # Of the test part.
    training: Training
    trained_at: Annotated[str, _Rule("a moment like 2026-01-31T00:00:00+00:00", _is_moment)]

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
    return json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n"


def load(path: Path) -> Manifest:
    """Read and check manifest.json. Raises ModelError that names the file and the rule."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as err:
        raise ModelError(f"{path}: is missing") from err
    except (OSError, ValueError, RecursionError) as err:
        raise ModelError(f"{path}: cannot be read as JSON: {err}") from err
    if isinstance(content, dict) and content.pop("format", None) != FORMAT:
        raise ModelError(f"{path}: format must be {FORMAT}; make the model anew, by train or adopt")
    manifest = _read(path, "", Manifest, content)
    if not manifest.calibration.slope > 0:
        raise ModelError(f"{path}: calibration.slope must be above 0")
    expected = fingerprint(
        manifest.sha256, manifest.features, manifest.calibration, manifest.threshold
    )
    if not manifest.version.endswith(f"-{expected}"):
        raise ModelError(
            f"{path}: version must end in -{expected}, the fingerprint of what decides scores"
        )
    return manifest


def _read(path: Path, prefix: str, kind: type[T], content: object) -> T:
    """Return a dataclass from a JSON object with exactly its fields, each held to its rule."""
    if not isinstance(content, dict):
        raise ModelError(f"{path}: {prefix.rstrip('.') or 'the content'} must be an object")
    hints = get_type_hints(kind, include_extras=True)
    if unknown := sorted(set(content) - set(hints)):
        raise ModelError(f"{path}: {prefix}{unknown[0]} is not a field")
    return kind(
        **{name: _value(path, f"{prefix}{name}", hints[name], content.get(name)) for name in hints}
    )


_WORDS = {str: "text", int: "a whole number", float: "a finite number"}


def _value(path: Path, name: str, kind: Any, value: object) -> Any:  # noqa: ANN401
    """Return a JSON value as what a field's type says."""
    if get_origin(kind) is Annotated:
        inner, rule = get_args(kind)
        found = _value(path, name, inner, value)
        if not rule.holds(found):
            raise ModelError(f"{path}: {name} must be {rule.text}, not {found!r}")
        return found
    if is_dataclass(kind):
        return _read(path, f"{name}.", kind, value)  # type: ignore[arg-type]
    if isinstance(kind, types.GenericAlias):
        return _collection(path, name, kind, value)
    if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else kind):
        raise ModelError(f"{path}: {name} must be {_WORDS[kind]}")
    if kind is float and not abs(value) <= sys.float_info.max:
        raise ModelError(f"{path}: {name} must be {_WORDS[kind]}")
    return kind(value)


def _collection(path: Path, name: str, kind: types.GenericAlias, value: object) -> object:
    inner = get_args(kind)
    if get_origin(kind) is dict:
        if not isinstance(value, dict):
            raise ModelError(f"{path}: {name} must be an object")
        return {key: _value(path, f"{name}.{key}", inner[1], v) for key, v in value.items()}
    if not isinstance(value, list):
        raise ModelError(f"{path}: {name} must be a list")
    return tuple(_value(path, f"{name}[{i}]", inner[0], v) for i, v in enumerate(value))
