"""Pictures of how good scores are, as PNG. The same scores, the same bytes."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from predictor.errors import TRAINING_EXTRA, ModelError
from predictor.metrics import Scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = ("#1f5fa8", "#c2571a", "#4c8c2b", "#7b4fa3")
_GREY = "#777777"
_POINTS = 2_000


@dataclass(frozen=True)
class Curve:
    """A model's scores of labelled rows, as it is called in the legend."""

    name: str
    scored: Scored
    threshold: float


def draw(curves: list[Curve]) -> dict[str, bytes]:
    """Return PNG files by name: four plots, with every model in each. All have the same rows.

    Raises ModelError if matplotlib is not installed.
    """
    pictures = {
        "precision_recall.png": _precision_recall,
        "reliability.png": _reliability,
        "scores.png": _scores,
        "gain.png": _gain,
    }
    return {name: _png(plot, curves) for name, plot in pictures.items()}


def _png(plot: "Callable[[Axes, list[Curve]], None]", curves: list[Curve]) -> bytes:
    try:
        # The object interface: nothing global, no window, nothing to close.
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as err:
        raise ModelError(f"plots need the package matplotlib: {TRAINING_EXTRA}") from err
    figure = Figure(figsize=(7.2, 4.8), dpi=120, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.grid(color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    plot(axes, curves)
    out = io.BytesIO()
    canvas.print_png(out, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return out.getvalue()


def _counts(scored: Scored) -> tuple["npt.NDArray[np.float64]", "npt.NDArray[np.float64]"]:
    """Return frauds and rows from the highest score down, at each distinct score."""
    true = np.cumsum(scored.labels, dtype=np.float64)[scored.last]
    return true, scored.last + 1.0


def _precision_recall(axes: "Axes", curves: list[Curve]) -> None:
    for curve, colour in zip(curves, cycle(_COLOURS), strict=False):
        true, rows = _counts(curve.scored)
        # Between two frauds recall stands still: a point for each fraud is enough.
        step = np.flatnonzero(np.diff(true, prepend=0.0))
        recall, precision = true[step] / true[-1], true[step] / rows[step]
        figures = curve.scored.figures(curve.threshold)
        label = f"{curve.name}: average precision {figures['average_precision']:.3f}"
        axes.step(recall, precision, where="pre", color=colour, linewidth=1.8, label=label)
        at = figures["recall_at_threshold"], figures["precision_at_threshold"]
        axes.plot(*at, "o", color=colour, markersize=7, markeredgecolor="white")
    rate = float(curves[0].scored.labels.mean())
    axes.axhline(rate, color=_GREY, linestyle=":", label=f"flagging at random: {rate:.4f}")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="Recall: share of the frauds that are flagged")
    axes.set(ylabel="Precision: share of the flagged that are frauds")
    axes.set_title("Precision and recall (dot: at the threshold)", loc="left", fontsize=11)
    axes.legend(loc="lower left", fontsize=8.5)


def _reliability(axes: "Axes", curves: list[Curve]) -> None:
    axes.plot([0, 100], [0, 100], color=_GREY, linestyle=":", label="promised is what came true")
    for curve, colour in zip(curves, cycle(_COLOURS), strict=False):
        bins = [b for b in curve.scored.bins() if b.rows]
        error = curve.scored.figures(curve.threshold)["expected_calibration_error"]
        points = [100 * b.promised for b in bins], [100 * b.seen for b in bins]
        label = f"{curve.name}: expected calibration error {error:.4f}"
        axes.plot(*points, "-o", color=colour, linewidth=1.8, markersize=6, label=label)
        if len(curves) == 1:
            for b in bins:
                spot, shift = (100 * b.promised, 100 * b.seen), (7, -11)
                text = f"{b.rows:,.0f}"
                axes.annotate(
                    text, spot, shift, textcoords="offset points", fontsize=7.5, color=_GREY
                )
    axes.set(xlim=(-2, 105), ylim=(-4, 105), xlabel="Promised: mean score in the bin, %")
    axes.set(ylabel="Seen: share of frauds in the bin, %")
    title = "Reliability, with the rows of each bin" if len(curves) == 1 else "Reliability"
    axes.set_title(title, loc="left", fontsize=11)
    axes.legend(loc="upper left", fontsize=8.5)


def _scores(axes: "Axes", curves: list[Curve]) -> None:
    edges = np.linspace(0.0, 100.0, 51)
    for curve, colour in zip(curves, cycle(_COLOURS), strict=False):
        for label, style, what in ((True, "-", "frauds"), (False, "--", "legitimate")):
            scores = 100 * curve.scored.scores[curve.scored.labels == label]
            heights, _ = np.histogram(scores, edges)
            axes.stairs(
                heights, edges, color=colour, linestyle=style, linewidth=1.6,
                label=f"{curve.name}: {len(scores):,} {what}",
            )  # fmt: skip
        axes.axvline(100 * curve.threshold, color=colour, linewidth=1, alpha=0.6)
    axes.set_yscale("symlog", linthresh=1)
    axes.set(xlim=(0, 100), xlabel="Score, %", ylabel="Rows in a bin of 2 % (logarithmic)")
    axes.set_title("Scores (upright line: the threshold)", loc="left", fontsize=11)
    axes.legend(loc="upper center", fontsize=8.5)


def _gain(axes: "Axes", curves: list[Curve]) -> None:
    for curve, colour in zip(curves, cycle(_COLOURS), strict=False):
        true, rows = _counts(curve.scored)
        # Few are ever looked at: the left end matters, and a logarithm shows it.
        shown = np.unique(np.geomspace(1, len(rows), _POINTS).astype(np.intp)) - 1
        share, caught = 100 * rows[shown] / rows[-1], 100 * true[shown] / true[-1]
        axes.plot(share, caught, color=colour, linewidth=1.8, label=curve.name)
    lowest = 100 / len(curves[0].scored.labels)
    chance = np.geomspace(lowest, 100, 200)
    axes.plot(chance, chance, color=_GREY, linestyle=":", label="looking at random")
    axes.set_xscale("log")
    axes.set(xlim=(max(lowest, 0.01), 100), ylim=(0, 102))
    axes.set(xlabel="Share of transactions looked at, highest scores first, % (logarithmic)")
    axes.set(ylabel="Share of the frauds among them, %")
    axes.set_title("Gain", loc="left", fontsize=11)
    axes.legend(loc="upper left", fontsize=8.5)
