"""An application on Ray Serve like ours whose replicas raise, for a row of 66.66."""

from typing import Any

from ray import serve

from predictor import rayserve, wire


class Raises(rayserve.Predictor):
    async def PredictFraudBatch(self, data: bytes, grpc_context: Any) -> rayserve.Reply:  # noqa: ANN401, N802
        _, columns = wire.read_batch(data)
        if 66.66 in columns[0][1]:
            raise ValueError("66.66 is no amount of ours")
        return await super().PredictFraudBatch(data, grpc_context)


app = serve.deployment(Raises, name="Raises").bind()
