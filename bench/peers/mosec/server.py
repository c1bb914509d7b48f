"""Mosec: a Rust front that batches for Python workers."""

from common import Scorer
from mosec import Server, Worker


class Fraud(Worker):
    """Scores batches of transactions."""

    def __init__(self) -> None:
        super().__init__()
        self._scorer = Scorer()

    def forward(self, data: list[dict[str, float]]) -> list[dict[str, float]]:
        """Score a batch."""
        rows = [
            (d["amount"], d["time"], d["age_of_account"], d["number_of_transactions"]) for d in data
        ]
        return [{"fraud_probability": p} for p in self._scorer.many(rows).tolist()]


if __name__ == "__main__":
    server = Server()
    server.append_worker(Fraud, num=2, max_batch_size=32, max_wait_time=1)
    server.run()
