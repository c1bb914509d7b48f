"""Which module may import which: a wrong arrow fails with the reason."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent
WIRE = {"grpc", "grpc_health", "grpc_reflection", "fraud_detection", "google"}

ARROWS = {
    "features": (WIRE | {"lightgbm"}, "features are the same for training and serving"),
    "facts": (WIRE | {"lightgbm"}, "facts are what the gateway computes, without a model"),
    "model": (WIRE, "a model can be used and tested without a server"),
    "manifest": (WIRE, "a model directory is read by tools that have no server"),
    "train": (WIRE, "training needs no server"),
    "evaluate": (WIRE, "measuring needs no server"),
    "servicer": ({"lightgbm", "grpc"}, "messages to arrays: no machine learning, no server"),
    "wire": ({"lightgbm", "grpc"}, "bytes to arrays: no machine learning, no server"),
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
