import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from fraud_detection import fraud_detection_pb2 as pb
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from predictor.errors import TracingError
from predictor.tracing import read_headers

from .conftest import COLUMNS, FOUR, Start, batch, explained, run, single

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
SAMPLED = (("traceparent", f"00-{TRACE}-{PARENT}-01"), ("tracestate", "vendor=a-secret"))
NOT_SAMPLED = (("traceparent", f"00-{TRACE}-{PARENT}-00"),)


class Collector(http.server.ThreadingHTTPServer):
    """Takes spans over OTLP/HTTP."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.sent = b""
        self.tokens: list[str | None] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/v1/traces"
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.server.sent += body
        self.server.tokens.append(self.headers["Authorization"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server
        server.shutdown()
        serving.join()


def test_a_traced_call_goes_on_as_spans(
    start: Start, short: Path, four: Path, collector: Collector, tmp_path: Path
) -> None:
    headers = tmp_path / "headers"
    headers.write_text("Authorization: Bearer of-the-collector\n")
    server = start(
        f"unix:{short}/s",
        *("--trace-endpoint", collector.url, "--trace-headers-file", headers),
        model=four,
    )
    began = time.time_ns()
    with server.stub() as stub:
        stub.PredictFraudBatch(batch(FOUR), metadata=SAMPLED)
        stub.ExplainFraudBatch(explained(batch(FOUR)), metadata=SAMPLED)
        stub.PredictFraud(single(0), metadata=SAMPLED)
        with pytest.raises(grpc.RpcError):
            stub.PredictFraudBatch(batch({"a-secret": [1.0]}), metadata=SAMPLED)
        stub.PredictFraudBatch(batch(FOUR), metadata=NOT_SAMPLED)
        stub.PredictFraudBatch(batch(FOUR))
        stub.PredictFraudBatch(batch(FOUR), metadata=(("traceparent", "garbage"),))
        stub.GetModel(pb.GetModelRequest(), metadata=SAMPLED)
    assert server.stop() == 0  # What is left is sent.
    spans = collector.spans
    assert {span.trace_id.hex() for span in spans} == {TRACE}
    calls = [span for span in spans if span.parent_span_id.hex() == PARENT]
    assert [span.name.partition("/")[2] for span in calls] == [
        *("PredictFraudBatch", "ExplainFraudBatch", "PredictFraud", "PredictFraudBatch")
    ]
    stages = {
        tuple(span.name for span in spans if span.parent_span_id == call.span_id) for call in calls
    }
    assert stages == {("decode", "predict", "encode"), ("decode", "explain", "encode"), ()}
    by_id = {span.span_id: span for span in spans}
    for span in spans:
        above = by_id.get(span.parent_span_id)
        assert began <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert above is None or above.start_time_unix_nano <= span.start_time_unix_nano
        assert above is None or span.end_time_unix_nano <= above.end_time_unix_nano
    failed = [span.status.code == Status.STATUS_CODE_ERROR for span in calls]
    assert failed == [False, False, False, True]
    assert b"secret" not in collector.sent
    assert set(collector.tokens) == {"Bearer of-the-collector"}


def test_a_collector_that_is_gone_costs_no_answer_and_no_wait(
    start: Start, short: Path, collector: Collector
) -> None:
    gone = collector.url.replace(str(collector.server_port), "1")
    server = start(f"unix:{short}/s", "--trace-endpoint", gone)
    with server.stub() as stub:
        for _ in range(20):
            reply = stub.PredictFraudBatch(batch(COLUMNS), metadata=SAMPLED)
            assert len(reply.fraud_probabilities) == 4
    assert server.stop() == 0


def test_traces_without_their_packages_are_refused_with_what_to_do(
    root: Path, short: Path, tmp_path: Path
) -> None:
    (tmp_path / "requests.py").write_text("raise ModuleNotFoundError(name='requests')")
    done = run(
        *("serve", "--listen", f"unix:{short}/s", "--model", root),
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1",
        PYTHONPATH=str(tmp_path),
    )
    assert done.returncode == 1
    assert "requests is not there" in done.stderr
    assert "predictor/requirements-trace.txt" in done.stderr


def test_what_is_no_header_is_told_by_its_line(tmp_path: Path) -> None:
    file = tmp_path / "headers"
    file.write_text("# told to the collector\n\nA-B: c:d\n")
    assert read_headers(file) == {"A-B": "c:d"}
    for text in ("A: b\na-secret\n", "A: b\na secret: x\n"):
        file.write_text(text)
        with pytest.raises(TracingError, match="line 2") as raised:
            read_headers(file)
        assert "secret" not in str(raised.value)
    with pytest.raises(TracingError, match="cannot be read") as unread:
        read_headers(Path("Authorization: a-secret"))
    assert "secret" not in str(unread.value)
