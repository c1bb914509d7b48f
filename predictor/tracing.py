"""Spans of traced calls, for OpenTelemetry. Imported only where traces are asked for."""

import logging
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import requests
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from predictor.answer import Answer, Lap
from predictor.errors import TracingError
from predictor.log import log

PATIENCE = 2.0
"""Seconds that the end of the process waits for the collector."""

Request = TypeVar("Request")
Response = TypeVar("Response")


class Tracer:
    """Makes spans of the calls whose callers trace them, and of no others."""

    def __init__(self, endpoint: str, headers_file: Path | None) -> None:
        """Send to the OTLP collector at `endpoint`, with the file's headers. Does not wait for it.

        Raises TracingError if the file is not one of headers.
        """
        session = requests.Session()
        if headers_file:
            read_headers(headers_file)
            session.auth = _Headers(headers_file)
        _tell_in_json()
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=5, session=session)
        resource = Resource.create({"service.name": "brrr-predictor"})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
        self._tracer = self._provider.get_tracer("predictor")
        self._propagator = TraceContextTextMapPropagator()

    def traced(self, method: str, answer: Answer[Request, Response]) -> Answer[Request, Response]:
        """Return `answer` with a span around it, where the caller traces its call."""

        async def answered(request: Request, context: Any, _: Any = None) -> Response:  # noqa: ANN401
            parent = self._parent(context.invocation_metadata())
            if parent is None:
                return await answer(request, context)
            return await self._spanned(method, parent, lambda lap: answer(request, context, lap))

        return answered

    async def _spanned(
        self,
        method: str,
        parent: Context,
        answer: Callable[[Lap], Awaitable[Response]],
    ) -> Response:
        about = {"rpc.system.name": "grpc", "rpc.method": method}
        # With `with`, an exception's text would become part of the span.
        span = self._tracer.start_span(method, parent, SpanKind.SERVER, about)
        within, began = set_span_in_context(span, parent), time.time_ns()

        def lap(stage: str) -> None:
            nonlocal began
            now = time.time_ns()
            self._tracer.start_span(stage, within, start_time=began).end(now)
            began = now

        try:
            return await answer(lap)
        except BaseException as err:
            span.set_attribute("error.type", type(err).__name__)
            span.set_status(StatusCode.ERROR)
            raise
        finally:
            span.end()

    def _parent(self, metadata: Any) -> Context | None:  # noqa: ANN401 - grpc has no name for it.
        """Return the caller's span, if it is sampled. Its tracestate is not ours to pass on."""
        for key, value in metadata or ():
            if key == "traceparent":
                found = self._propagator.extract({key: value}, Context())
                sampled = get_current_span(found).get_span_context().trace_flags.sampled
                return found if sampled else None
        return None

    def close(self) -> None:
        """Send what is left, or give it up."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(PATIENCE)


class _Headers:
    """Puts the file's headers on each request: it may be renewed at any time."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        with suppress(TracingError):  # Without them the collector refuses, which is told.
            request.headers.update(read_headers(self._file))
        return request


def read_headers(file: Path) -> dict[str, str]:
    """Return headers of a file, `Name: value` a line. Errors name the line, not its text."""
    try:
        lines = file.read_text().splitlines()
    except (OSError, ValueError) as err:
        # A header in place of its file may be a secret.
        raise TracingError(f"the headers' file cannot be read: {type(err).__name__}") from None
    headers = {}
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.strip().startswith("#"):
            name, colon, value = line.partition(":")
            if not colon or not name.strip().replace("-", "").isalnum():
                raise TracingError(f"{file}: line {number} must be NAME: VALUE")
            headers[name.strip()] = value.strip()
    return headers


class _Log(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        log("traces", level=record.levelname.lower(), said=record.getMessage())


def _tell_in_json() -> None:
    """Have OpenTelemetry's complaints stand in the log like all else."""
    theirs = logging.getLogger("opentelemetry")
    theirs.propagate = False
    theirs.setLevel(logging.ERROR)
    theirs.handlers = [_Log()]
