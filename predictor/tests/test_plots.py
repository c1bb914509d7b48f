import io

import numpy as np
import pytest
from PIL import Image

from predictor import plots
from predictor.metrics import Scored
from predictor.plots import Curve

PICTURES = ("gain.png", "precision_recall.png", "reliability.png", "scores.png")


def assert_drawn(content: bytes) -> None:
    """Look whether it is a whole PNG with something in it."""
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "PNG"
        assert min(image.size) > 400
        assert len(image.convert("RGB").getcolors(1_000_000) or []) > 10


def curves(count: int, rows: int = 500, threshold: float = 0.5) -> list[Curve]:
    rng = np.random.default_rng(0)
    labels = np.arange(rows) % 7 == 0
    scores = [np.clip(rng.normal(0.3 + 0.3 * labels, 0.2), 1e-9, 1 - 1e-9) for _ in range(count)]
    return [Curve(f"m{n}", Scored(labels, s), threshold) for n, s in enumerate(scores)]


@pytest.mark.parametrize("count", [1, 2])
def test_every_picture_is_drawn(count: int) -> None:
    drawn = plots.draw(curves(count))
    assert sorted(drawn) == sorted(PICTURES)
    for content in drawn.values():
        assert_drawn(content)


def test_the_same_scores_make_the_same_bytes() -> None:
    assert plots.draw(curves(2)) == plots.draw(curves(2))


def test_another_model_or_threshold_makes_another_picture() -> None:
    one, two, three = (plots.draw(c) for c in (curves(1), curves(2), curves(1, threshold=0.9)))
    for name in PICTURES:
        assert one[name] != two[name]
    assert one["scores.png"] != three["scores.png"]


def test_more_models_than_colours_are_all_drawn() -> None:
    four, five = plots.draw(curves(4)), plots.draw(curves(5))
    for name in PICTURES:
        assert four[name] != five[name]


@pytest.mark.parametrize("scores", [[0.5] * 4, [0.0, 0.0, 1.0, 1.0], [1e-300, 1.0, 1.0, 0.5]])
def test_few_and_equal_scores_are_drawn(scores: list[float]) -> None:
    scored = Scored(np.array([True, False, True, False]), np.array(scores))
    for content in plots.draw([Curve("x", scored, 0.5)]).values():
        assert_drawn(content)
