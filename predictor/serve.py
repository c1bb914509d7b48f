"""The server: listens, watches its model, and drains when told to stop."""

import asyncio
import gc
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import uvloop
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from predictor import listen, model, parent, release, tls
from predictor.coredump import without_core_dumps
from predictor.errors import ListenError, TLSError, TracingError
from predictor.handlers import SERVICE, InFlight, handlers
from predictor.log import log
from predictor.reload import Reloader
from predictor.servicer import Servicer

if TYPE_CHECKING:
    from predictor.tracing import Tracer  # Its packages need not be there.

OPTIONS = (
    # A second server on the port is an error, not a silent sharing of connections.
    ("grpc.so_reuseport", 0),
    # Room for servicer.MAX_ROWS rows of many more facts than there are.
    ("grpc.max_receive_message_length", 16 << 20),
    ("grpc.max_send_message_length", -1),
    # The gateway may ping as often as it likes, calls under way or not.
    ("grpc.http2.min_ping_interval_without_data_ms", 1_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_ping_strikes", 0),
)


@dataclass(frozen=True)
class Settings:
    """What a server is started with."""

    listen: str  # unix:PATH or HOST:PORT; port 0 takes a free one.
    model: Path  # A model directory, or a root with a file `active`.
    grace: float = 10.0  # Seconds that calls under way are given when stopping.
    reload: float = 1.0  # Seconds between looks at the active model.
    exit_with_parent: bool = False  # Stop when standard input ends.
    trace_endpoint: str = ""  # Of an OTLP collector; empty: no traces.
    trace_headers: Path | None = None  # File of headers for it.
    secured: tls.Files | None = None  # None: plain, as over a unix socket always.


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises a PredictorError before listening."""
    without_core_dumps()
    log("starting", **release.identity(), model=str(settings.model))
    if settings.secured and settings.listen.startswith(listen.UNIX):
        raise TLSError("--tls-cert: a unix socket needs no TLS")
    certificates = tls.Certificates(settings.secured) if settings.secured else None
    servicer = Servicer(model.load(model.resolve(settings.model)))
    tracer = _tracer(settings)
    # What is loaded now stays: it need not be looked through again and again.
    gc.freeze()
    with listen.claimed(settings.listen) as address:
        uvloop.run(_serve(settings, address, servicer, certificates, tracer))
    if tracer:
        tracer.close()


def _tracer(settings: Settings) -> "Tracer | None":
    """Return what makes spans, if they are asked for. Raises TracingError if it cannot."""
    if not settings.trace_endpoint:
        return None
    try:
        from predictor.tracing import Tracer
    except ModuleNotFoundError as err:
        raise TracingError(
            f"traces are asked for, and {err.name} is not there; "
            f"pip install -r {Path(__file__).with_name('requirements-trace.txt')}"
        ) from None
    return Tracer(settings.trace_endpoint, settings.trace_headers)


async def _serve(
    settings: Settings,
    address: str,
    servicer: Servicer,
    certificates: tls.Certificates | None,
    tracer: "Tracer | None",
) -> None:
    stop = asyncio.Event()
    reloader = Reloader(servicer, settings.model, settings.reload)
    _on_signals(settings, stop, reloader)
    health = health_aio.HealthServicer()
    with ThreadPoolExecutor(1, "long") as executor:
        calls = InFlight()
        server = grpc.aio.server(options=OPTIONS)
        server.add_generic_rpc_handlers((handlers(servicer, executor, calls, tracer),))
        health_pb2_grpc.add_HealthServicer_to_server(health, server)
        names = (SERVICE, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name)
        reflection.enable_server_reflection((*names, reflection.SERVICE_NAME), server)
        await _set_health(health, health_pb2.HealthCheckResponse.NOT_SERVING)
        bound = _bind(server, address, certificates)
        await server.start()
        # Loading scored the golden rows: a real score has come back.
        await _set_health(health, health_pb2.HealthCheckResponse.SERVING)
        log("listening", address=bound, model=servicer.model.manifest.version, pid=os.getpid())
        watching = asyncio.create_task(reloader.watch())
        await stop.wait()
        watching.cancel()
        log("stopping", grace_seconds=settings.grace)
        await health.enter_graceful_shutdown()
        await _drain(server, calls, settings.grace)
    log("stopped")


async def _drain(server: grpc.aio.Server, calls: InFlight, grace: float) -> None:
    """Take on no more calls, let those under way end, then cut what would never end: watches."""
    stopping = asyncio.create_task(server.stop(grace))
    done = asyncio.create_task(calls.none())
    await asyncio.wait((stopping, done), return_when=asyncio.FIRST_COMPLETED)
    done.cancel()
    await server.stop(None)
    await stopping


def _on_signals(settings: Settings, stop: asyncio.Event, reloader: Reloader) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reloader.now)
    if settings.exit_with_parent:
        parent.on_death(stop.set, settings.grace + 10)


async def _set_health(health: health_aio.HealthServicer, status: int) -> None:
    for name in ("", SERVICE):
        await health.set(name, status)


def _bind(server: grpc.aio.Server, address: str, certificates: tls.Certificates | None) -> str:
    """Bind the server and return the address, with the port that was taken."""
    try:
        if certificates:
            port = server.add_secure_port(address, certificates.credentials())
        else:
            port = server.add_insecure_port(address)
    except RuntimeError as err:
        raise ListenError(f"cannot listen on {address}: {err}") from err
    if address.startswith(listen.UNIX):
        return address
    return f"{address.rpartition(':')[0]}:{port}"
