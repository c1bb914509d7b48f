"""A server as it exists in the field: PredictFraud with plain grpcio, and nothing else.

Prints its port, serves until stdin closes. The score is a plain function of the four
fields, so that a test can tell whether the answer is right and to the right question.
"""

import argparse
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from fraud_detection import fraud_detection_pb2 as pb

MOST_AT_ONCE = 1_000_000
"""The transaction whose score tells how many calls were under way at once."""


class Seed:
    """Scores one transaction at a time."""

    def __init__(self, top: float) -> None:
        self.top = top
        self.lock = threading.Lock()
        self.under_way = 0
        self.most = 0

    def predict(self, request: pb.PredictionRequest, _: object) -> pb.PredictionResponse:
        """Answer PredictFraud."""
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        time.sleep(0.001)  # A model's work, so that calls do meet here.
        with self.lock:
            self.under_way -= 1
        thousandths = self.most
        if request.transaction_id != MOST_AT_ONCE:
            total = request.amount + request.time + request.age_of_account
            thousandths = (total + request.number_of_transactions) % 1000.0
        return pb.PredictionResponse(
            transaction_id=request.transaction_id,
            predicted_label=thousandths >= 500,
            fraud_probability=thousandths / (1000 / self.top),
        )


class Unknown(grpc.GenericRpcHandler):
    """Answers every other method as some hosts do: with INTERNAL."""

    def service(self, _: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """Return the handler of any method."""
        return grpc.unary_unary_rpc_method_handler(
            lambda _, context: context.abort(grpc.StatusCode.INTERNAL, "KeyError: no such method")
        )


def main() -> None:
    """Serve until stdin closes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--percent", action="store_true", help="score from 0 to 100")
    parser.add_argument("--internal", action="store_true", help="unknown methods are INTERNAL")
    args = parser.parse_args()
    methods = {
        "PredictFraud": grpc.unary_unary_rpc_method_handler(
            Seed(100 if args.percent else 1).predict,
            request_deserializer=pb.PredictionRequest.FromString,
            response_serializer=pb.PredictionResponse.SerializeToString,
        )
    }
    name = pb.DESCRIPTOR.services_by_name["FraudDetectionService"].full_name
    server = grpc.server(ThreadPoolExecutor(32))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, methods),))
    if args.internal:
        server.add_generic_rpc_handlers((Unknown(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop(None)


if __name__ == "__main__":
    main()
