"""LitServe: dynamic batches in worker processes behind FastAPI servers."""

import os
import signal

import litserve as ls
from common import Row, Scorer


class Fraud(ls.LitAPI):
    """Scores batches of transactions."""

    def setup(self, device: str) -> None:  # noqa: ARG002
        """Load the model, once a worker."""
        self._scorer = Scorer()

    def decode_request(self, request: dict[str, float]) -> Row:
        """Take the facts out of one request."""
        return (
            request["amount"],
            request["time"],
            request["age_of_account"],
            request["number_of_transactions"],
        )

    def predict(self, rows: list[Row]) -> list[float]:
        """Score a batch."""
        return self._scorer.many(rows).tolist()

    def encode_response(self, probability: float) -> dict[str, float]:
        """Answer one request."""
        return {"fraud_probability": probability}


if __name__ == "__main__":
    # LitServe ends its workers on SIGINT only.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = ls.LitServer(
        Fraud(max_batch_size=64, batch_timeout=0.002),
        accelerator="cpu",
        workers_per_device=1,
        fast_queue=True,
    )
    server.run(
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        num_api_servers=2,
        log_level="warning",
        generate_client_file=False,
    )
