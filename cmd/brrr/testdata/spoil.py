"""Makes models that must be refused out of a good one, and prints what the refusal must say.

Each has a version of its own: one that bears the version of the model now serving would
be taken for it. Where the manifest must fit a file that was changed, it is made to fit.
"""

import argparse
import dataclasses
import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from predictor import manifest


def stamp(directory: Path, **changes: object) -> None:
    """Change the manifest, and give it the version that its new content must have."""
    about = manifest.load(directory / "manifest.json")
    about = dataclasses.replace(about, **changes)
    mark = manifest.fingerprint(about.sha256, about.features, about.calibration, about.threshold)
    about = dataclasses.replace(about, version=f"{directory.name}-{mark}")
    (directory / "manifest.json").write_text(manifest.dump(about), encoding="utf-8")


def halve(file: Path) -> None:
    """Truncate a file."""
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def cut_tree(directory: Path) -> None:
    """Truncate the trees; an honest manifest of what is left."""
    halve(directory / "model.txt")
    content = (directory / "model.txt").read_bytes()
    stamp(directory, sha256=hashlib.sha256(content).hexdigest())


def other_sum(directory: Path) -> None:
    """Have the manifest name another checksum."""
    stamp(directory, sha256="0" * 64)


def other_score(directory: Path) -> None:
    """Have the last golden row expect another score."""
    file = directory / "golden.csv"
    rows = file.read_text(encoding="utf-8").splitlines()
    values = rows[-1].split(",")
    values[-1] = repr(0.5 * float(values[-1]) + 0.25)
    file.write_text("\n".join([*rows[:-1], ",".join(values)]) + "\n", encoding="utf-8")


def no_golden(directory: Path) -> None:
    """Leave out the golden rows."""
    (directory / "golden.csv").unlink()


def no_manifest(directory: Path) -> None:
    """Leave out the manifest."""
    (directory / "manifest.json").unlink()


def half_manifest(directory: Path) -> None:
    """Truncate the manifest."""
    halve(directory / "manifest.json")


def half_trees(directory: Path) -> None:
    """Truncate the trees; the manifest is that of the whole."""
    halve(directory / "model.txt")


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "half-model": (half_trees, "model.txt: its sha256 must be the manifest's"),
    "half-model-signed": (cut_tree, "model.txt: is not a LightGBM model: it is cut short"),
    "other-sum": (other_sum, "model.txt: its sha256 must be the manifest's 0000"),
    "other-score": (other_score, "golden.csv: row "),
    "no-golden": (no_golden, "golden.csv: is missing"),
    "no-manifest": (no_manifest, "manifest.json: is missing"),
    "half-manifest": (half_manifest, "manifest.json: cannot be read as JSON"),
}


def main() -> None:
    """Make every kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("good", type=Path)
    parser.add_argument("root", type=Path)
    args = parser.parse_args()
    for name, (spoil, says) in BAD.items():
        directory = args.root / name
        shutil.copytree(args.good, directory)
        threshold = manifest.load(directory / "manifest.json").threshold
        stamp(directory, threshold=threshold / 2)
        spoil(directory)
        sys.stdout.write(json.dumps({"active": name, "says": f"{name}/{says}"}) + "\n")


main()
