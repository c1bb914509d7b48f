"""Ending with the process that started this one, so that a killed supervisor leaves no stray."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def on_death(parent: int, stop: Callable[[], None]) -> None:
    """Call `stop` in the running event loop when process `parent` is gone. Linux only.

    The kernel signals when the thread that started this process ends, which in some
    runtimes happens while the process lives on; hence a look at who the parent is.
    """
    if sys.platform != "linux":
        return

    def look() -> None:
        if os.getppid() != parent:
            stop()

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, look)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGUSR1), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    look()  # It may have died before the kernel was asked.
