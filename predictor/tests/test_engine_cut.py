"""A model cut short anywhere is refused: LightGBM itself would end the process."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from predictor import engine, manifest, model
from predictor.errors import ModelError
from predictor.model import Model


@pytest.fixture(scope="module")
def content(directory: Path) -> bytes:
    return (directory / "model.txt").read_bytes()


def test_trees_cut_short_anywhere_are_refused(content: bytes, loaded: Model) -> None:
    first, last = content.index(b"\ntree_sizes="), content.index(b"end of trees")
    for end in (*range(first + 13, last, (last - first) // 300), last - 1):
        with pytest.raises(ModelError, match=r"^m\.txt: is not a LightGBM model: it is cut short$"):
            engine.load("lightgbm", Path("m.txt"), content[:end], loaded.manifest.features)


def test_a_tree_that_is_missing_among_others_is_refused(content: bytes, loaded: Model) -> None:
    second, third = content.index(b"\nTree=1\n"), content.index(b"\nTree=2\n")
    for other in (
        content[:second] + content[third:],
        content.replace(b"\nTree=1\n", b"\nTree=7\n"),
    ):
        with pytest.raises(ModelError, match="it is cut short"):
            engine.load("lightgbm", Path("m.txt"), other, loaded.manifest.features)


def test_what_follows_the_trees_may_be_missing(content: bytes, loaded: Model) -> None:
    end = content.index(b"end of trees")
    engine.load("lightgbm", Path("m.txt"), content[:end], loaded.manifest.features)


def test_a_directory_of_a_model_cut_short_is_refused_though_its_manifest_fits(broken: Path) -> None:
    """As when training was cut off, and what it left was packed."""
    half = (broken / "model.txt").read_bytes()[:50_000]
    (broken / "model.txt").write_bytes(half)
    about = manifest.load(broken / "manifest.json")
    about = replace(about, sha256=hashlib.sha256(half).hexdigest())
    mark = manifest.fingerprint(about.sha256, about.features, about.calibration, about.threshold)
    (broken / "manifest.json").write_text(manifest.dump(replace(about, version=f"test-{mark}")))
    with pytest.raises(ModelError, match=r"model\.txt: is not a LightGBM model: it is cut short"):
        model.load(broken)
