"""A Ray of this process's own, on loopback: it ends with it, and nobody else is let in."""

import os
import secrets

ENVIRONMENT = ("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN")
"""What another process needs, with RAY_ADDRESS, to use it too."""


def start(**options: object) -> None:
    """Start it. Ray reads the environment as it is imported: it must not be before."""
    os.environ.update(
        RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",  # As there: a node is on loopback.
        RAY_AUTH_MODE="token",
        RAY_AUTH_TOKEN=secrets.token_hex(32),
    )
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.pop("RAY_ADDRESS", None)
    import ray

    ray.init(include_dashboard=False, _node_ip_address="127.0.0.1", **options)
