"""Our servicer behind a real Ray Serve: what a gateway is answered by it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import grpc
import pytest
from fraud_detection import fraud_detection_pb2 as pb
from fraud_detection import fraud_detection_pb2_grpc as pb_grpc

from predictor.model import Model
from predictor.servicer import Servicer

from .conftest import COLUMNS, ROOT, batch, explained, single

if not find_spec("ray") and "ray" not in os.environ.get("BRRR_REQUIRE", "").split(","):
    pytest.skip(
        "ray is missing: pip install -r predictor/requirements-ray.txt", allow_module_level=True
    )

APPLICATION = (("application", "fraud"),)


class Node:
    """A Ray of its own with one replica, which ends with its standard input."""

    def __init__(self, model: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "predictor.tests.ray_node", "--model", model, "--replicas=1"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.told = self.hear()

    def serve(self, model: Path) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"model": str(model)}) + "\n")
        self.process.stdin.flush()
        self.hear()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


@pytest.fixture(scope="session")
def node(directory: Path) -> Iterator[Node]:
    found = Node(directory)
    yield found
    found.process.communicate()


@pytest.fixture
def channel(node: Node) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(node.told["address"]) as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.Channel) -> pb_grpc.FraudDetectionServiceStub:
    return pb_grpc.FraudDetectionServiceStub(channel)


def test_it_answers_as_the_servicer_does(
    stub: pb_grpc.FraudDetectionServiceStub, loaded: Model
) -> None:
    plain = Servicer(loaded)
    request = batch(COLUMNS)
    large = batch({name: values * 5_000 for name, values in COLUMNS.items()})
    for each in (request, large):
        want = plain.predict_batch(each.SerializeToString())
        assert stub.PredictFraudBatch(each, metadata=APPLICATION).SerializeToString() == want
    why = stub.ExplainFraudBatch(explained(request), metadata=APPLICATION)
    assert why.SerializeToString() == plain.explain_batch(request.SerializeToString())
    about = stub.GetModel(pb.GetModelRequest(), metadata=APPLICATION)
    assert about == plain.get_model(pb.GetModelRequest())


def refusal(call: Callable[[], object]) -> tuple[grpc.StatusCode, str | None]:
    with pytest.raises(grpc.RpcError) as refused:
        call()
    return refused.value.code(), refused.value.details()


def raw(channel: grpc.Channel, method: str, data: bytes) -> bytes:
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
        f"/fraud_detection.FraudDetectionService/{method}"
    )
    return call(data, metadata=APPLICATION)


def test_it_refuses_as_the_server_does(
    channel: grpc.Channel, stub: pb_grpc.FraudDetectionServiceStub
) -> None:
    for call, code, told in (
        (
            lambda: stub.PredictFraudBatch(batch({"amount": [1.0]}), metadata=APPLICATION),
            grpc.StatusCode.INVALID_ARGUMENT,
            "column time is missing",
        ),
        (
            lambda: stub.PredictFraud(single(0), metadata=APPLICATION),
            grpc.StatusCode.FAILED_PRECONDITION,
            "use PredictFraudBatch",
        ),
        (
            lambda: raw(channel, "PredictFraud", b"\xff"),
            grpc.StatusCode.INTERNAL,
            "internal error",
        ),
        (
            lambda: raw(channel, "Other", b""),
            grpc.StatusCode.UNIMPLEMENTED,
            "",
        ),
    ):
        found, text = refusal(call)
        assert found == code
        assert text is not None
        assert told in text
        assert "\n" not in text


def test_a_model_that_is_no_good_leaves_the_old_one_serving(
    node: Node,
    stub: pb_grpc.FraudDetectionServiceStub,
    directory: Path,
    broken: Path,
    four: Path,
) -> None:
    before = stub.GetModel(pb.GetModelRequest(), metadata=APPLICATION)
    (broken / "golden.csv").write_text((broken / "golden.csv").read_text().replace("0.", "0.1"))
    node.serve(broken)
    after = stub.GetModel(pb.GetModelRequest(), metadata=APPLICATION)
    assert (after.version, before.refused_replacement) == (before.version, "")
    assert str(broken / "golden.csv") in after.refused_replacement
    node.serve(four)
    assert stub.PredictFraud(single(0), metadata=APPLICATION).transaction_id == 1
    node.serve(directory)
    assert stub.GetModel(pb.GetModelRequest(), metadata=APPLICATION) == before


def test_a_file_that_cannot_be_read_is_named_and_nothing_is_written(
    node: Node, directory: Path, tmp_path: Path
) -> None:
    """On the same Ray: a command of its own would take a quarter of a minute to start one."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("transaction_id,account_id,amount,time\nt,a,1,1\n")
    (tmp_path / "in" / "b.csv").write_text("transaction_id,amount,time\nt,1,1\n")
    words = ["--input", tmp_path / "in", "--output", tmp_path / "out", "--model", directory]
    done = subprocess.run(
        [sys.executable, "-m", "predictor", "score", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, **node.told["environment"]},
        capture_output=True,
        text=True,
        check=False,
    )
    told = f"error: {tmp_path / 'in' / 'b.csv'}:1: the header must have the column account_id, once"
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == told
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
