"""Which module may import which: a wrong arrow fails with the reason."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent
WIRE = {"grpc", "grpc_health", "grpc_reflection", "fraud_detection", "google"}

LEARNERS = {"lightgbm", "onnxruntime", "sklearn"}
SERVING = {
    "servicer",
    "handlers",
    "serve",
    "release",
    "reload",
    "rayserve",
    "wire",
    "listen",
    "parent",
    "coredump",
    "tls",
    "tracing",
    "answer",
}

ARROWS = {
    "features": (WIRE | LEARNERS, "features are the same for training and serving"),
    "facts": (WIRE | LEARNERS, "facts are what the gateway computes, without a model"),
    "dataset": (WIRE | LEARNERS, "a file is read before anybody knows for which model"),
    "metrics": (WIRE | LEARNERS, "figures are of scores, whoever made them"),
    "split": (WIRE | LEARNERS, "rows are split before anything learns from them"),
    "calibration": (WIRE | LEARNERS, "a line through scores, whoever made them"),
    "manifest": (WIRE | LEARNERS, "a model directory is read by tools that have no server"),
    "golden": (WIRE | LEARNERS, "golden rows are checked by whatever computes scores"),
    "card": (WIRE | LEARNERS, "a card tells what the manifest does"),
    "plots": (WIRE | LEARNERS, "pictures are of scores, whoever made them"),
    "boosting": (WIRE, "LightGBM knows nothing of those who ask"),
    "engine": (WIRE, "what computes scores knows nothing of those who ask"),
    "model": (WIRE | LEARNERS, "a model can be used without a server, whatever computes it"),
    "package": (WIRE | LEARNERS, "every model is packed alike, trained here or elsewhere"),
    "train": (WIRE, "training needs no server"),
    "adopt": (WIRE | LEARNERS, "adopting needs no server, and learns nothing"),
    "evaluate": (WIRE | LEARNERS, "measuring needs no server"),
    "bulk": (WIRE | LEARNERS, "files are answered without a server, whatever computes scores"),
    "score": (WIRE | LEARNERS, "likewise, wherever that is done"),
    "simulate": (WIRE | LEARNERS, "a simulation is data"),
    "servicer": (LEARNERS | {"grpc"}, "messages to arrays: no machine learning, no server"),
    "wire": (LEARNERS | {"grpc"}, "bytes to arrays: no machine learning, no server"),
    "handlers": (LEARNERS, "errors to codes: no machine learning"),
    "rayserve": (LEARNERS, "a way in for callers: no machine learning"),
    "answer": (LEARNERS, "how an answer is made knows not what it is made of"),
    "tracing": (LEARNERS | WIRE, "what is traced is known by the handlers alone"),
    "reload": (LEARNERS | {"grpc"}, "a model is exchanged without knowing what it is"),
}


def imports(module: str) -> set[str]:
    tree = ast.parse((PACKAGE / f"{module}.py").read_text())
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("module", ARROWS)
def test_modules_import_only_what_their_arrows_allow(module: str) -> None:
    forbidden, why = ARROWS[module]
    assert not imports(module) & forbidden, why


def ours(module: str) -> set[str]:
    """Return the modules of this package that a module names."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text())
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "predictor":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module.removeprefix("predictor.")} & {p.stem for p in FILES}
    return names


FILES = sorted(PACKAGE.glob("*.py"))


@pytest.mark.parametrize("module", sorted(set(ARROWS) - SERVING))
def test_what_needs_no_server_names_none(module: str) -> None:
    assert not ours(module) & SERVING


def test_every_module_has_its_arrow_or_serves() -> None:
    others = {"__init__", "__main__", "prepare", "rayown", "errors", "log"}
    assert {path.stem for path in FILES} == set(ARROWS) | SERVING | others
