"""Ending with the process that started this one, so that a killed supervisor leaves no stray."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress


def on_death(stop: Callable[[], None], grace: float) -> None:
    """Call `stop` in the running event loop when standard input ends.

    A supervisor holds the other end of it, as a pipe it never writes to. The system
    closes that however the supervisor ends, on every platform. A process that is still
    there `grace` seconds later hangs, and is ended.
    """
    loop = asyncio.get_running_loop()
    leash = sys.stdin.fileno()

    # A thread, since a loop that hangs would not look.
    def look() -> None:
        while os.read(leash, 4096):
            pass
        with suppress(RuntimeError):  # The loop has ended by itself.
            loop.call_soon_threadsafe(stop)
        threading.Event().wait(grace)
        os._exit(1)

    threading.Thread(target=look, name="leash", daemon=True).start()
