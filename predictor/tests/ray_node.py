"""One Ray of its own on loopback, with deploy/ray/serve.yaml on it, for tests and measurements.

Run as a program: it prints where it listens, then does what lines of JSON on standard
input ask, and answers each with a line. It ends, with everything it started, when
standard input does.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from predictor import rayown

CONFIG = Path(__file__).resolve().parents[2] / "deploy" / "ray" / "serve.yaml"


HELD: list[socket.socket] = []


def held_port(family: socket.AddressFamily, address: str) -> int:
    """Return a port that nobody else is given before Ray, which shares ports, listens there."""
    probe = socket.socket(family)
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    probe.bind((address, 0))
    HELD.append(probe)
    port: int = probe.getsockname()[1]
    return port


class Node:
    """The application as serve.yaml has it, with ports and a number of replicas of its own."""

    def __init__(self, model: str, replicas: int, *, raises: bool) -> None:
        from ray.serve._private import api
        from ray.serve.config import gRPCOptions
        from ray.serve.schema import ServeDeploySchema

        self.config: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
        self.config["http_options"]["port"] = held_port(socket.AF_INET, "127.0.0.1")
        self.port = held_port(socket.AF_INET6, "::")  # Ray asks nobody where its gRPC is to listen.
        self.config["grpc_options"]["port"] = self.port
        self.deployment["autoscaling_config"].update(min_replicas=replicas, max_replicas=replicas)
        self.deployment["user_config"]["model"] = model
        if raises:
            own = {"name": "Raises", "user_config": {"model": model}, "max_ongoing_requests": 2}
            own["ray_actor_options"] = {"num_cpus": 0.1}
            self.config["applications"].append(
                {
                    "name": "raises",
                    "import_path": "predictor.tests.ray_raises:app",
                    "route_prefix": "/raises",
                    "deployments": [own],
                }
            )
        # Processors are for Ray to count: there are fewer on a small machine.
        self.deployment["ray_actor_options"]["num_cpus"] = 0.1
        self.schema = ServeDeploySchema
        schema = self.schema(**self.config)
        self.client = api.serve_start(
            http_options=schema.http_options.model_dump(),
            proxy_location=schema.proxy_location,
            grpc_options=gRPCOptions(**schema.grpc_options.model_dump()),
        )
        self.deploy()

    @property
    def deployment(self) -> dict[str, Any]:
        found: dict[str, Any] = self.config["applications"][0]["deployments"][0]
        return found

    def deploy(self) -> None:
        self.client.deploy_apps(self.schema(**self.config))
        wanted = {each["name"] for each in self.config["applications"]}
        while wanted != {
            each.name
            for each in self.client.list_serve_statuses()
            if each.app_status.status == "RUNNING"
        }:
            time.sleep(0.1)
        self.client.wait_for_proxies_serving(wait_for_applications_running=True)

    def replicas(self) -> list[int]:
        """Return the process ids of replicas that answer."""
        import ray

        details = ray.get(self.client._controller.get_serve_instance_details.remote())
        found = details["applications"]["fraud"]["deployments"]["Predictor"]["replicas"]
        return [r["pid"] for r in found if r["state"] == "RUNNING"]

    def proxies(self) -> list[int]:
        """Return the process ids of Ray's proxies that are healthy."""
        import ray
        from ray._private.state import actors

        details = ray.get(self.client._controller.get_serve_instance_details.remote())
        found = [p["actor_id"] for p in details["proxies"].values() if p["status"] == "HEALTHY"]
        return [actors(actor)["Pid"] for actor in found]

    def do(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Do what a line asks, or nothing: serve another model, or kill a replica."""
        if "model" in ask:
            self.deployment["user_config"]["model"] = ask["model"]
            self.deploy()
        if "kill" in ask:
            running = self.replicas()
            os.kill(running[0], signal.SIGKILL)
            while running[0] in self.replicas() or len(self.replicas()) < len(running):
                time.sleep(0.1)
        return {"replicas": self.replicas(), "proxies": self.proxies()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--raises", action="store_true", help="deploy the application raises, too")
    parser.add_argument("--stay", action="store_true", help="end by SIGTERM, not with the input")
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="brrr-ray-")
    answers, sys.stdout = sys.stdout, sys.stderr  # Ray prints, too.
    # A busy machine is not to be taken for a proxy that hangs.
    for what in ("READY", "HEALTH"):
        os.environ[f"RAY_SERVE_PROXY_{what}_CHECK_TIMEOUT_S"] = "60"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        rayown.start(num_cpus=2, object_store_memory=100 << 20, namespace="serve", _temp_dir=folder)
        import ray

        node = Node(args.model, args.replicas, raises=args.raises)
        told = {
            "address": f"127.0.0.1:{node.port}",
            "replicas": node.replicas(),
            # For others who are to use this Ray.
            "environment": {
                "RAY_ADDRESS": ray.get_runtime_context().gcs_address,
                **{name: os.environ[name] for name in rayown.ENVIRONMENT},
            },
        }
        answers.write(json.dumps(told) + "\n")
        answers.flush()
        while args.stay:
            signal.pause()
        for line in sys.stdin:
            answers.write(json.dumps(node.do(json.loads(line))) + "\n")
            answers.flush()
    finally:
        if "ray" in sys.modules:
            sys.modules["ray"].shutdown()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
