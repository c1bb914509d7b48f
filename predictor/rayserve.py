"""The servicer as a deployment of Ray Serve, behind its gRPC proxy.

deploy/ray/serve.yaml deploys `app`, and has Ray's proxies add `add_to_server`.
"""

import predictor.prepare  # noqa: F401 isort: skip

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import grpc
from fraud_detection import fraud_detection_pb2 as pb
from ray import serve
from ray.serve.grpc_util import RayServegRPCContext

from predictor import model, release
from predictor.errors import ModelError
from predictor.handlers import LONG_REQUEST, SERVICE, refusal
from predictor.log import log
from predictor.servicer import Servicer

METHODS = tuple(m.name for m in pb.DESCRIPTOR.services_by_name["FraudDetectionService"].methods)


def add_to_server(_: object, server: grpc.aio.Server) -> None:
    """Add the contract's methods to Ray's proxy, which puts its own way to replicas in each.

    It stands in for the generated add_FraudDetectionServiceServicer_to_server, and
    names no messages: the proxy hands the bytes on as they are, rather than parse
    and pickle columns of numbers.
    """
    unused: grpc.RpcMethodHandler[bytes, bytes]
    unused = grpc.unary_unary_rpc_method_handler(lambda _, __: b"")
    handlers = grpc.method_handlers_generic_handler(SERVICE, dict.fromkeys(METHODS, unused))
    server.add_generic_rpc_handlers((handlers,))


class Reply(NamedTuple):
    """A message still on the wire: Ray asks each answer for its bytes."""

    data: bytes

    def SerializeToString(self) -> bytes:  # noqa: N802 - As messages call it.
        """Return the bytes."""
        return self.data


class Predictor:
    """One replica. Its methods bear the names of the contract's, and take bytes."""

    def __init__(self) -> None:
        self._servicer: Servicer | None = None  # Until the first reconfigure, which comes first.
        self._long = ThreadPoolExecutor(1, "long")
        log("starting", **release.identity())

    async def reconfigure(self, user_config: dict[str, Any]) -> None:
        """Load the model that user_config names, and check it, before it answers.

        One that cannot be used leaves the old one serving, and GetModel tells why. A
        replica that has none does not start.
        """
        try:
            loaded = await asyncio.to_thread(_load, user_config)
        except (ModelError, OSError) as err:
            log("model refused", error=str(err))
            if self._servicer is None:
                raise
            self._servicer.refused = str(err)
            return
        if self._servicer is None:
            self._servicer = Servicer(loaded)
        self._servicer.refused = ""
        self._servicer.model = loaded
        log("model changed", model=loaded.manifest.version)

    async def PredictFraud(self, data: bytes, grpc_context: RayServegRPCContext) -> Reply:  # noqa: N802
        """Answer PredictFraud."""
        return await self._answer(_predict, data, grpc_context)

    async def PredictFraudBatch(self, data: bytes, grpc_context: RayServegRPCContext) -> Reply:  # noqa: N802
        """Answer PredictFraudBatch."""
        return await self._answer(Servicer.predict_batch, data, grpc_context)

    async def ExplainFraudBatch(self, data: bytes, grpc_context: RayServegRPCContext) -> Reply:  # noqa: N802
        """Answer ExplainFraudBatch."""
        return await self._answer(Servicer.explain_batch, data, grpc_context, long=True)

    async def GetModel(self, data: bytes, grpc_context: RayServegRPCContext) -> Reply:  # noqa: N802
        """Answer GetModel."""
        return await self._answer(_get_model, data, grpc_context)

    async def _answer(
        self,
        work: Callable[[Servicer, bytes], bytes],
        data: bytes,
        context: RayServegRPCContext,
        *,
        long: bool = False,
    ) -> Reply:
        assert self._servicer is not None
        try:
            if long or len(data) > LONG_REQUEST:  # Beside the event loop, not in it.
                loop = asyncio.get_running_loop()
                return Reply(
                    await loop.run_in_executor(self._long, partial(work, self._servicer, data))
                )
            return Reply(work(self._servicer, data))
        except Exception as err:  # noqa: BLE001 - Ray would send its text and a stack trace.
            code, text = refusal(err)
            context.set_code(code)
            context.set_details(text)
            return Reply(b"")


def _load(user_config: dict[str, Any]) -> model.Model:
    if set(user_config) != {"model"}:
        raise ModelError(f"user_config: must hold model and no more, not {sorted(user_config)}")
    return model.load(model.resolve(Path(user_config["model"])))


def _predict(servicer: Servicer, data: bytes) -> bytes:
    reply = servicer.predict(pb.PredictionRequest.FromString(data))
    return reply.SerializeToString()


def _get_model(servicer: Servicer, data: bytes) -> bytes:
    return servicer.get_model(pb.GetModelRequest.FromString(data)).SerializeToString()


app = serve.deployment(Predictor, name="Predictor").bind()
