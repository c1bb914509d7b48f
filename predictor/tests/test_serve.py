import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from fraud_detection import fraud_detection_pb2 as pb
from fraud_detection import fraud_detection_pb2_grpc as pb_grpc
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from predictor import model
from predictor.handlers import SERVICE, InFlight, handlers
from predictor.model import Model
from predictor.servicer import MAX_ROWS, Servicer

from .conftest import (
    COLUMNS,
    FOUR,
    ROOT,
    Server,
    Start,
    batch,
    command,
    explained,
    refusal,
    run,
    single,
)

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def health(channel: grpc.Channel, service: str = "") -> int:
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    return int(check(health_pb2.HealthCheckRequest(service=service)).status)


def call(channel: grpc.Channel, name: str, data: bytes) -> bytes:
    raw = channel.unary_unary(
        f"/{SERVICE}/{name}", request_serializer=bytes, response_deserializer=bytes
    )
    return raw(data)


@contextlib.contextmanager
def refused(code: grpc.StatusCode, text: str) -> Iterator[None]:
    with pytest.raises(grpc.RpcError) as raised:
        yield
    assert raised.value.code() == code
    assert text in (raised.value.details() or "")


def answers(server: Server) -> bool:
    with server.stub() as stub:
        reply = stub.PredictFraudBatch(batch(COLUMNS))
    return len(reply.fraud_probabilities) == 4 and not reply.errors


@pytest.mark.parametrize("listen", ["unix", "127.0.0.1:0"])
def test_every_call_is_answered_on_every_kind_of_address(
    start: Start, short: Path, four: Path, listen: str
) -> None:
    server = start(f"unix:{short}/s" if listen == "unix" else listen, model=four)
    assert not server.address.endswith(":0")
    version = model.resolve(four).name
    assert server.listening["model"] == version
    with server.channel() as channel:
        stub = pb_grpc.FraudDetectionServiceStub(channel)
        for name in ("", SERVICE):
            assert health(channel, name) == SERVING
        assert {
            SERVICE,
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection",
        } == set(ProtoReflectionDescriptorDatabase(channel).get_services())
        assert stub.GetModel(pb.GetModelRequest()).version == version
        together = stub.PredictFraudBatch(batch(FOUR))
        for row in range(4):
            alone = stub.PredictFraud(single(row))
            assert alone.transaction_id == row + 1
            assert abs(alone.fraud_probability - together.fraud_probabilities[row]) <= 1e-12
            assert alone.predicted_label == together.predicted_labels[row]
        explanation = stub.ExplainFraudBatch(explained(batch(FOUR)))
        assert len(explanation.contributions) == 4
    assert server.stop() == 0


def test_a_model_of_more_facts_than_predict_fraud_carries_says_which(server: Server) -> None:
    others = (
        "this model needs seconds_since_previous, amount_last_hour, amount_last_day,"
        " amount_last_week, transactions_last_week: use PredictFraudBatch"
    )
    with server.stub() as stub:
        for request in (single(0), pb.PredictionRequest()):
            with refused(grpc.StatusCode.FAILED_PRECONDITION, others):
                stub.PredictFraud(request)
        reply = stub.GetModel(pb.GetModelRequest())
    assert list(reply.facts) == list(COLUMNS)
    assert answers(server)


def test_the_model_tells_promise_and_truth(server: Server, loaded: Model) -> None:
    with server.stub() as stub:
        reply = stub.GetModel(pb.GetModelRequest())
    assert [getattr(b, "from") for b in reply.calibration] == [n / 10 for n in range(10)]
    assert [b.to for b in reply.calibration] == [n / 10 for n in range(1, 11)]
    assert sum(b.rows for b in reply.calibration) == loaded.manifest.metrics["rows"]
    assert reply.refused_replacement == ""
    for found in reply.calibration:
        if found.rows:
            # What is rounded may lie a hair beside the edge.
            promised = found.mean_fraud_probability
            assert getattr(found, "from") - 1e-12 <= promised <= found.to + 1e-12
        else:
            assert found.mean_fraud_probability == found.fraud_rate == 0.0


ONE = {
    "an amount of nothing": (pb.PredictionRequest(), "amount must be finite and above 0"),
    "a time before 1970": (
        pb.PredictionRequest(amount=1, time=-1, number_of_transactions=1),
        "time must be in seconds, in the years 1970 to 9999",
    ),
    "no transactions": (pb.PredictionRequest(amount=1), "number_of_transactions must be"),
}

MANY = {
    "a column is missing": (
        batch({name: values for name, values in COLUMNS.items() if name != "time"}),
        "column time is missing; this model takes amount, time",
    ),
    "all columns are missing": (batch({}, rows=4), "column amount is missing"),
    "a column is doubled": (
        pb.PredictFraudBatchRequest(rows=1, columns=[pb.Column(name="amount", values=[1])] * 2),
        "column amount is doubled",
    ),
    "a column is short": (
        batch({**COLUMNS, "time": [1.0]}, rows=4),
        "column time has 1 values, and rows is 4",
    ),
    "a column is long": (batch(COLUMNS, rows=3), "column amount has 4 values, and rows is 3"),
    "columns without rows": (batch(COLUMNS, rows=0), "column amount has 4 values, and rows is 0"),
    "a column is strange": (batch({**COLUMNS, "colour": [1.0] * 4}), "'colour' is not known"),
    "a column has no name": (batch({**COLUMNS, "": [1.0] * 4}), "'' is not known"),
    "a column has an endless name": (batch({"x" * 100_000: []}, rows=4), "'xxxxx"),
    "there are too many rows": (batch({}, rows=MAX_ROWS + 1), "rows must be at most 100000"),
    "there are absurdly many rows": (batch({}, rows=2**32 - 1), "rows must be at most 100000"),
}


def test_a_bad_transaction_is_refused_by_name(four_server: Server) -> None:
    with four_server.stub() as stub:
        for request, text in ONE.values():
            with refused(grpc.StatusCode.INVALID_ARGUMENT, text):
                stub.PredictFraud(request)
            assert stub.PredictFraud(single(0)).transaction_id == 1


def test_a_bad_request_is_refused_by_name_and_harms_no_other(server: Server) -> None:
    with server.stub() as stub:
        expected = stub.PredictFraudBatch(batch(COLUMNS))
        for request, text in MANY.values():
            with refused(grpc.StatusCode.INVALID_ARGUMENT, text):
                stub.PredictFraudBatch(request)
            with refused(grpc.StatusCode.INVALID_ARGUMENT, text):
                stub.ExplainFraudBatch(explained(request))
            assert stub.PredictFraudBatch(batch(COLUMNS)) == expected
    with server.channel() as channel:
        for name in ("PredictFraudBatch", "ExplainFraudBatch"):
            with refused(grpc.StatusCode.INVALID_ARGUMENT, "not a valid message"):
                call(channel, name, b"\xff\xff")
        with refused(grpc.StatusCode.UNIMPLEMENTED, ""):
            call(channel, "Guess", b"")
    assert server.process.poll() is None


def test_a_bad_row_among_good_ones_is_told_apart(server: Server) -> None:
    columns = {**COLUMNS, "amount": [12.5, float("nan"), 0.8, 60.0]}
    with server.stub() as stub:
        expected = stub.PredictFraudBatch(batch(COLUMNS)).fraud_probabilities
        reply = stub.PredictFraudBatch(batch(columns))
        assert [(error.row, error.message) for error in reply.errors] == [
            (1, "amount must be finite and above 0")
        ]
        assert list(reply.fraud_probabilities) == [expected[0], 0.0, *expected[2:]]
        explanation = stub.ExplainFraudBatch(explained(batch(columns)))
        assert [error.row for error in explanation.errors] == [1]


@pytest.mark.parametrize("rows", [900, 920, MAX_ROWS])
def test_a_long_batch_is_answered_as_a_short_one(server: Server, rows: int) -> None:
    columns = {name: values[:1] * rows for name, values in COLUMNS.items()}
    with server.stub() as stub:
        expected = stub.PredictFraudBatch(batch(COLUMNS)).fraud_probabilities[0]
        reply = stub.PredictFraudBatch(batch(columns))
    assert len(reply.fraud_probabilities) == len(reply.predicted_labels) == rows
    assert abs(min(reply.fraud_probabilities) - expected) <= 1e-12
    assert abs(max(reply.fraud_probabilities) - expected) <= 1e-12


def test_callers_do_not_get_each_others_answers(four_server: Server) -> None:
    with four_server.stub() as stub, ThreadPoolExecutor(8) as pool:
        expected = [stub.PredictFraud(single(row)).fraud_probability for row in range(4)]
        assert len(set(expected)) == 4

        def ask(number: int) -> bool:
            reply = stub.PredictFraud(single(number % 4))
            return (reply.transaction_id, reply.fraud_probability) == (
                number % 4 + 1,
                expected[number % 4],
            )

        assert all(pool.map(ask, range(400)))


def explain(channel: grpc.Channel, rows: int) -> Iterator[pb.ExplainFraudBatchResponse]:
    """Begin a long call, and return when the server has taken it on.

    Asked for as a stream, since the unary client hears nothing before the answer.
    """
    columns = {name: values[:1] * rows for name, values in COLUMNS.items()}
    replies = channel.unary_stream(
        f"/{SERVICE}/ExplainFraudBatch",
        request_serializer=pb.ExplainFraudBatchRequest.SerializeToString,
        response_deserializer=pb.ExplainFraudBatchResponse.FromString,
    )(explained(batch(columns)))
    replies.initial_metadata()
    return replies


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_call_under_way_is_answered_before_the_server_ends(
    start: Start, short: Path, number: signal.Signals
) -> None:
    server = start(f"unix:{short}/s", "--grace", "600")
    with server.channel() as channel:
        under_way = explain(channel, 5_000)
        server.process.send_signal(number)
        server.logged("stopping")
        assert len(next(under_way).contributions[0].log_odds) == 5_000
    server.process.communicate()
    assert server.process.returncode == 0
    assert not (short / "s").exists()


def test_health_is_told_first_when_the_server_stops(start: Start, short: Path) -> None:
    server = start(f"unix:{short}/s", "--grace", "600")
    with server.channel() as channel:
        watch = channel.unary_stream(
            "/grpc.health.v1.Health/Watch",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )(health_pb2.HealthCheckRequest(), timeout=60)
        assert next(watch).status == SERVING
        server.process.terminate()
        assert next(watch).status == NOT_SERVING
        # Though the watch stays open, the server ends.
        assert server.process.wait(timeout=60) == 0


def test_health_is_answered_while_a_long_call_is_under_way(server: Server) -> None:
    with server.channel() as channel:
        under_way = explain(channel, 5_000)
        assert health(channel) == SERVING
        assert next(under_way).model_version


def test_the_socket_is_its_owners_alone(start: Start, short: Path) -> None:
    start(f"unix:{short}/s")
    assert stat.S_IMODE((short / "s").stat().st_mode) == 0o600


@pytest.mark.skipif(not Path("/proc/self/coredump_filter").exists(), reason="Linux alone tells")
def test_a_server_that_ends_badly_leaves_no_memory_behind(server: Server) -> None:
    of = Path("/proc") / str(server.process.pid)
    limit = (of / "limits").read_text().partition("Max core file size")[2].split()
    assert limit[:2] == ["0", "0"]
    assert int((of / "coredump_filter").read_text(), 16) == 0


def test_a_socket_that_a_server_left_behind_is_replaced(start: Start, short: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(short / "s"))
    server = start(f"unix:{short}/s")
    assert answers(server)
    assert server.stop() == 0


def test_a_socket_or_port_in_use_is_refused(start: Start, short: Path, root: Path) -> None:
    held = start(f"unix:{short}/s")
    done = run("serve", "--listen", f"unix:{short}/s", "--model", root)
    assert (done.returncode, done.stdout) == (1, "")
    assert refusal(done) == f"error: {short}/s: another server listens there\n"
    assert answers(held)
    port = start("127.0.0.1:0").address
    done = run("serve", "--listen", port, "--model", root)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"error: cannot listen on {port}" in done.stderr


def test_a_file_that_is_no_socket_is_left_alone(short: Path, root: Path) -> None:
    (short / "s").write_text("precious")
    done = run("serve", "--listen", f"unix:{short}/s", "--model", root)
    assert done.returncode == 1
    assert refusal(done) == f"error: {short}/s: is there already and is not a socket\n"
    assert (short / "s").read_text() == "precious"


@pytest.mark.parametrize(
    ("listen", "message"),
    [
        ("8080", "must be unix:PATH or HOST:PORT"),
        ("localhost:http", "must be unix:PATH or HOST:PORT"),
        ("127.0.0.1:99999", "must be unix:PATH or HOST:PORT"),
        (f"unix:/tmp/{'x' * 120}", "must be at most 100 bytes long"),
    ],
)
def test_an_address_that_is_none_is_refused(root: Path, listen: str, message: str) -> None:
    done = run("serve", "--listen", listen, "--model", root)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr


def test_a_model_that_cannot_be_used_keeps_the_server_from_listening(
    short: Path, broken: Path
) -> None:
    (broken / "model.txt").write_text("")
    done = run("serve", "--listen", f"unix:{short}/s", "--model", broken)
    assert (done.returncode, done.stdout) == (1, "")
    assert refusal(done).startswith(f"error: {broken}/model.txt: its sha256 must be")
    assert not (short / "s").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("dance",),
        ("serve",),
        ("serve", "--listen", "127.0.0.1:0", "--model", ".", "--reload", "0"),
        ("serve", "--listen", "127.0.0.1:0", "--model", ".", "--grace", "long"),
        ("train", "--data", "x", "--out", "y", "--seed", "-1"),
        ("train", "--data", "x", "--out", "y", "--trained-at", "2026-01-01"),
        ("train", "--data", "x", "--out", "y", "--false-positive-rate", "1"),
        ("train", "--data", "x", "--out", "y", "--miss-cost", "-1"),
        ("train", "--data", "x", "--out", "y", "--alarm-cost", "nan"),
        ("adopt", "--data", "x", "--out", "y", "--model", "m.txt"),
        ("evaluate", "--data", "x"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: python -m predictor" in done.stderr


def test_a_socket_in_a_directory_that_is_not_there_is_refused(short: Path, root: Path) -> None:
    done = run("serve", "--listen", f"unix:{short}/no/s", "--model", root)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"error: cannot listen on unix:{short}/no/s" in done.stderr


def another(root: Path, name: str) -> str:
    """Add a copy of the active model under another version; return that version."""
    directory = next(path for path in root.iterdir() if path.name.startswith("test-"))
    shutil.copytree(directory, root / name)
    path = root / name / "manifest.json"
    content = json.loads(path.read_text())
    content["version"] = f"{name}-{content['version'].rpartition('-')[2]}"
    path.write_text(json.dumps(content))
    return str(content["version"])


@pytest.fixture
def changing(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root, tmp_path / "changing"))


def activate(root: Path, name: str) -> None:
    (root / "next").write_text(name)
    (root / "next").replace(root / "active")


def test_another_active_model_takes_over_without_a_dropped_call(
    start: Start, short: Path, changing: Path
) -> None:
    version = another(changing, "newer")
    server = start(f"unix:{short}/s", "--reload", "3600", model=changing)
    seen: list[str] = []
    done = threading.Event()

    def ask() -> None:
        with server.stub() as stub:
            while not done.is_set():
                seen.append(stub.PredictFraudBatch(batch(COLUMNS)).model_version)

    with ThreadPoolExecutor(1) as pool, server.stub() as stub:
        asking = pool.submit(ask)
        activate(changing, "newer")
        server.process.send_signal(signal.SIGHUP)
        assert server.logged("model changed")["model"] == version
        assert stub.GetModel(pb.GetModelRequest()).version == version
        done.set()
        asking.result()
    assert set(seen) <= {server.listening["model"], version}
    assert server.stop() == 0


def test_the_active_file_is_watched(start: Start, short: Path, changing: Path) -> None:
    version = another(changing, "newer")
    server = start(f"unix:{short}/s", "--reload", "0.01", model=changing)
    activate(changing, "newer")
    assert server.logged("model changed")["model"] == version


@pytest.mark.parametrize("fault", ["absent", "damaged"])
def test_an_active_model_that_cannot_be_used_changes_nothing(
    start: Start, short: Path, changing: Path, fault: str
) -> None:
    another(changing, "newer")
    (changing / "newer" / "model.txt").write_text("")  # Cut short, as by a copy under way.
    server = start(f"unix:{short}/s", "--reload", "3600", model=changing)
    activate(changing, "absent" if fault == "absent" else "newer")
    server.process.send_signal(signal.SIGHUP)
    assert server.logged("model refused")["error"]
    with server.stub() as stub:
        reply = stub.PredictFraudBatch(batch(COLUMNS))
        assert reply.model_version == server.listening["model"]
        told = stub.GetModel(pb.GetModelRequest())
        assert told.version == server.listening["model"]
        wrong = "'absent'" if fault == "absent" else "newer/model.txt: its sha256 must be"
        assert wrong in told.refused_replacement
        good = another(changing, "good")
        activate(changing, "good")
        server.process.send_signal(signal.SIGHUP)
        assert server.logged("model changed")["model"] == good
        told = stub.GetModel(pb.GetModelRequest())
        assert (told.version, told.refused_replacement) == (good, "")


def test_a_server_ends_with_its_parent(short: Path, root: Path) -> None:
    serve = command(
        *("serve", "--listen", f"unix:{short}/s", "--model", root, "--exit-with-parent")
    )
    text = f"import subprocess; subprocess.Popen({serve!r}, stdin=subprocess.PIPE).wait()"
    parent = subprocess.Popen(
        [serve[0], "-c", text],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    server = Server(parent)
    parent.kill()
    try:
        out, err = parent.communicate(timeout=60)  # To the end of the server's own output.
    except subprocess.TimeoutExpired:  # Only if it failed: leave no stray behind.
        os.kill(server.listening["pid"], signal.SIGKILL)
        raise
    assert out == ""
    assert json.loads(err.splitlines()[-1])["event"] == "stopped"
    assert server.listening["pid"] != parent.pid
    assert not (short / "s").exists()


HANGING = """
import asyncio, threading
from predictor import parent
async def hang():
    parent.on_death(lambda: None, 0.1)
    print("on a leash", flush=True)
    threading.Event().wait()
asyncio.run(hang())
"""


def test_a_server_whose_loop_hangs_ends_with_its_parent_all_the_same() -> None:
    serve = command("serve")
    with subprocess.Popen(
        [serve[0], "-c", HANGING], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdin
        assert server.stdout
        assert server.stdout.readline() == b"on a leash\n"
        server.stdin.close()
        try:
            assert server.wait(timeout=60) == 1
        except subprocess.TimeoutExpired:  # Only if it failed: leave no stray behind.
            server.kill()
            raise


class Faulty(Servicer):
    """A servicer with a defect whose text is not for callers."""

    def predict(self, request: pb.PredictionRequest) -> pb.PredictionResponse:
        raise RuntimeError(f"password=hunter2 {request.amount}")


@pytest.mark.asyncio
async def test_a_defect_is_logged_and_masked(
    short: Path, loaded: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    with ThreadPoolExecutor(1) as executor:
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((handlers(Faulty(loaded), executor, InFlight()),))
        server.add_insecure_port(f"unix:{short}/s")
        await server.start()
        async with grpc.aio.insecure_channel(f"unix:{short}/s") as channel:
            stub = pb_grpc.FraudDetectionServiceStub(channel)
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await stub.PredictFraud(single(0))
            assert raised.value.code() == grpc.StatusCode.INTERNAL
            assert raised.value.details() == "internal error"
            reply = await stub.PredictFraudBatch(batch(COLUMNS))
            assert len(reply.fraud_probabilities) == 4
        await server.stop(None)
    assert "hunter2" in capsys.readouterr().err
