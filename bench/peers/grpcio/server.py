"""A plain gRPC server of FraudDetectionService that has PredictFraud and nothing more.

Usage: server.py ADDRESS [--threads N | --asyncio] [--processes N]

ADDRESS is HOST:PORT or unix:PATH.
"""

import argparse
import asyncio
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from common import Scorer
from fraud_detection import fraud_detection_pb2 as pb
from fraud_detection import fraud_detection_pb2_grpc as rpc


class Service(rpc.FraudDetectionServiceServicer):
    """Answers PredictFraud; the generated base answers UNIMPLEMENTED to the rest."""

    def __init__(self) -> None:
        self._scorer = Scorer()

    def PredictFraud(  # noqa: N802 - the contract's name
        self,
        request: pb.PredictionRequest,
        context: Any,  # noqa: ANN401, ARG002
    ) -> pb.PredictionResponse:
        """Score one transaction."""
        probability = self._scorer.one(
            (
                request.amount,
                request.time,
                request.age_of_account,
                request.number_of_transactions,
            )
        )
        return pb.PredictionResponse(
            transaction_id=request.transaction_id,
            predicted_label=probability >= self._scorer.threshold,
            fraud_probability=probability,
        )


class AsyncService(Service):
    """The same for grpc.aio."""

    async def PredictFraud(  # noqa: N802
        self,
        request: pb.PredictionRequest,
        context: Any,  # noqa: ANN401
    ) -> pb.PredictionResponse:
        """Score one transaction."""
        return super().PredictFraud(request, context)


def serve(address: str, threads: int) -> None:
    """Serve with a pool of threads until SIGTERM."""
    server = grpc.server(ThreadPoolExecutor(threads))
    rpc.add_FraudDetectionServiceServicer_to_server(Service(), server)
    server.add_insecure_port(address)
    signal.signal(signal.SIGTERM, lambda *_: server.stop(5))
    server.start()
    server.wait_for_termination()


async def serve_async(address: str) -> None:
    """Serve with an event loop until SIGTERM."""
    server = grpc.aio.server()
    rpc.add_FraudDetectionServiceServicer_to_server(AsyncService(), server)
    server.add_insecure_port(address)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await server.start()
    await stop.wait()
    await server.stop(5)


def serve_many(processes: int, arguments: list[str]) -> None:
    """Run servers that share one port (SO_REUSEPORT) until SIGTERM."""
    command = [sys.executable, __file__, *arguments]
    children = [subprocess.Popen(command) for _ in range(processes)]  # noqa: S603
    signal.signal(signal.SIGTERM, lambda *_: [child.terminate() for child in children])
    for child in children:
        child.wait()


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--threads", type=int, default=10)
    parser.add_argument("--asyncio", action="store_true")
    parser.add_argument("--processes", type=int, default=1)
    said = parser.parse_args()
    if said.processes > 1:
        how = ["--asyncio"] if said.asyncio else ["--threads", str(said.threads)]
        serve_many(said.processes, [said.address, *how])
    elif said.asyncio:
        asyncio.run(serve_async(said.address))
    else:
        serve(said.address, said.threads)


if __name__ == "__main__":
    main()
