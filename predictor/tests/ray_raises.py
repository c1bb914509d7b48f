"""An application on Ray Serve like ours whose replicas raise, for a row of 66.66."""

from typing import Any

from ray import serve

from predictor import rayserve, wire


@serve.deployment(name="Raises")
class Raises(rayserve.Predictor.func_or_class):  # type: ignore[misc]
    async def PredictFraudBatch(self, data: bytes, grpc_context: Any) -> rayserve.Reply:  # noqa: ANN401, N802
        _, columns = wire.read_batch(data)
        if 66.66 in columns[0][1]:
            raise ValueError("66.66 is no amount of ours")
        found: rayserve.Reply = await super().PredictFraudBatch(data, grpc_context)
        return found


app = Raises.bind()
