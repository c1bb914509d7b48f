"""What a call's answer is made by, and how others may watch it being made."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

import grpc

Context = grpc.aio.ServicerContext[Any, Any]

Lap = Callable[[str], None]
"""Is told of each stage of an answer as it ends, by name."""

Request = TypeVar("Request", contravariant=True)
Response = TypeVar("Response", covariant=True)
Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


def unwatched(_: str) -> None:
    """Take no notice of a stage."""


class Answer(Protocol[Request, Response]):
    """Answers a call, and may tell of the stages."""

    def __call__(
        self, request: Request, context: Context, lap: Lap = unwatched, /
    ) -> Awaitable[Response]:
        """Return what the caller is told."""


class Watch(Protocol):
    """Sees how calls are answered, such as a tracer."""

    def traced(self, method: str, answer: Answer[Asked, Answered]) -> Answer[Asked, Answered]:
        """Return `answer`, watched."""
