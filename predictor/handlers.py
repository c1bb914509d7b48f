"""The servicer's methods as gRPC handlers; the only place that turns errors into codes."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

import grpc
from fraud_detection import fraud_detection_pb2 as pb

from predictor.answer import Answer, Context, Lap, Watch, unwatched
from predictor.errors import RequestError, UnsupportedError
from predictor.log import log
from predictor.servicer import Servicer

SERVICE = pb.DESCRIPTOR.services_by_name["FraudDetectionService"].full_name

LONG_REQUEST = 65_536
"""Bytes: a longer prediction (2,048 rows) runs beside the event loop, not in it."""

Request = TypeVar("Request")
Response = TypeVar("Response")
Plain = Callable[[Request, Context], Awaitable[Response]]


class InFlight:
    """Counts the calls taken on and not yet ended; health watches are none of them."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def add(self, context: Context) -> None:
        """Count a call until its answer is sent or it has failed."""
        self._count += 1
        self._none.clear()
        # The stub asks for an instance of a class of its own; any function does.
        context.add_done_callback(self._ended)  # type: ignore[arg-type]

    def _ended(self, _: Context) -> None:
        self._count -= 1
        if not self._count:
            self._none.set()

    async def none(self) -> None:
        """Wait until there is none."""
        await self._none.wait()


def handlers(
    servicer: Servicer, executor: Executor, calls: InFlight, watch: Watch | None = None
) -> grpc.GenericRpcHandler:
    """Return the handlers of FraudDetectionService. `executor` takes the long work."""

    async def predict_batch(data: bytes, context: Context, lap: Lap = unwatched) -> bytes:
        if len(data) <= LONG_REQUEST:
            return servicer.predict_batch(data, lap)
        return await _beside(executor, partial(servicer.predict_batch, lap=lap), data, context)

    async def explain_batch(data: bytes, context: Context, lap: Lap = unwatched) -> bytes:
        return await _beside(executor, partial(servicer.explain_batch, lap=lap), data, context)

    async def predict(
        request: pb.PredictionRequest, _: Context, __: Lap = unwatched
    ) -> pb.PredictionResponse:
        return servicer.predict(request)

    async def get_model(request: pb.GetModelRequest, _: Context) -> pb.GetModelResponse:
        return servicer.get_model(request)

    def guarded(name: str, answer: Answer[Request, Response]) -> Plain[Request, Response]:
        watched = watch.traced(f"{SERVICE}/{name}", answer) if watch else answer
        return _guarded(watched, calls)

    # Without a deserializer a handler gets the bytes themselves; see wire.
    method = grpc.unary_unary_rpc_method_handler
    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "PredictFraud": method(
                guarded("PredictFraud", predict),
                request_deserializer=pb.PredictionRequest.FromString,
                response_serializer=pb.PredictionResponse.SerializeToString,
            ),
            "PredictFraudBatch": method(guarded("PredictFraudBatch", predict_batch)),
            "ExplainFraudBatch": method(guarded("ExplainFraudBatch", explain_batch)),
            "GetModel": method(
                _guarded(get_model, calls),
                request_deserializer=pb.GetModelRequest.FromString,
                response_serializer=pb.GetModelResponse.SerializeToString,
            ),
        },
    )


async def _beside(
    executor: Executor, work: Callable[[bytes], bytes], data: bytes, context: Context
) -> bytes:
    # The caller learns at once that its call was taken on.
    await context.send_initial_metadata(())
    return await asyncio.get_running_loop().run_in_executor(executor, work, data)


def refusal(err: Exception) -> tuple[grpc.StatusCode, str]:
    """Return what a caller is told of an error: its own, or that there is one, which is logged."""
    if isinstance(err, RequestError):
        return grpc.StatusCode.INVALID_ARGUMENT, str(err)
    if isinstance(err, UnsupportedError):
        return grpc.StatusCode.FAILED_PRECONDITION, str(err)
    log("defect", traceback="".join(traceback.format_exception(err)))
    return grpc.StatusCode.INTERNAL, "internal error"


def _guarded(answer: Plain[Request, Response], calls: InFlight) -> Plain[Request, Response]:
    """Return `answer` with errors as codes."""

    async def guarded(request: Request, context: Context) -> Response:
        calls.add(context)
        try:
            return await answer(request, context)
        except Exception as err:  # noqa: BLE001 - A defect's text must not reach the caller.
            await context.abort(*refusal(err))

    return guarded
