"""Ray Serve: dynamic batches in replicas behind Serve's proxy."""

import os
import signal
from pathlib import Path

import ray
from common import Row, Scorer
from ray import serve
from starlette.requests import Request


@serve.deployment(
    num_replicas=2,
    max_ongoing_requests=256,
    ray_actor_options={"num_cpus": 1},
    logging_config={"enable_access_log": False},
)
class Fraud:
    """Scores batches of transactions."""

    def __init__(self) -> None:
        self._scorer = Scorer()

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0.002)
    async def score(self, rows: list[Row]) -> list[float]:
        """Score a batch."""
        return self._scorer.many(rows).tolist()

    async def __call__(self, request: Request) -> dict[str, float]:
        """Answer one request."""
        t = await request.json()
        row = (t["amount"], t["time"], t["age_of_account"], t["number_of_transactions"])
        return {"fraud_probability": await self.score(row)}


def main() -> None:
    """Serve until SIGTERM."""
    # Ray hands these on to all it starts. The proxy's files and ports are fixed otherwise.
    own = Path(os.environ["TMPDIR"]) / "haproxy"
    own.mkdir()
    os.environ.update(
        RAY_SERVE_HAPROXY_CONFIG_FILE_LOC=str(own / "haproxy.cfg"),
        RAY_SERVE_HAPROXY_SOCKET_PATH=str(own / "admin.sock"),
        RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH=str(own / "metrics.sock"),
        RAY_SERVE_HAPROXY_SERVER_STATE_BASE=str(own),
        RAY_SERVE_HAPROXY_SERVER_STATE_FILE=str(own / "server-state"),
        RAY_SERVE_HAPROXY_STATS_PORT=os.environ["PORT2"],
        RAY_SERVE_HAPROXY_METRICS_PORT=os.environ["PORT3"],
        RAY_SERVE_HAPROXY_NBTHREAD="2",
    )
    ray.init(
        num_cpus=2,
        _node_ip_address="127.0.0.1",
        include_dashboard=False,
        object_store_memory=100 << 20,
        _temp_dir=str(Path(os.environ["TMPDIR"]) / "ray"),
    )
    serve.start(http_options={"host": "127.0.0.1", "port": int(os.environ["PORT"])})
    serve.run(Fraud.bind(), route_prefix="/predict")
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    serve.shutdown()
    ray.shutdown()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
