"""Ending with the process that started this one, so that a killed supervisor leaves no stray."""

import asyncio
import os
import sys
from collections.abc import Callable


def on_death(stop: Callable[[], None]) -> None:
    """Call `stop` in the running event loop when standard input ends.

    A supervisor holds the other end of it, as a pipe it never writes to. The system
    closes that however the supervisor ends, on every platform.
    """
    loop = asyncio.get_running_loop()
    leash = sys.stdin.fileno()

    def look() -> None:
        if not os.read(leash, 4096):
            loop.remove_reader(leash)
            stop()

    loop.add_reader(leash, look)
